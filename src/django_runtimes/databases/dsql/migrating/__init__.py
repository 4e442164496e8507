"""The lock and the session of `migrate` on a service without locks."""
