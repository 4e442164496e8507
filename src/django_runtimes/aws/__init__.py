"""Credentials of the process, signed database logins and secrets."""
