"""Derives PostgreSQL's address, login and connection strategy from variables and the project's settings."""
