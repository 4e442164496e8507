"""Logins that are fetched or signed when a connection is made."""
