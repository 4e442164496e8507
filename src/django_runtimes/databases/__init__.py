"""Engines, logins and checks for connections to PostgreSQL."""
