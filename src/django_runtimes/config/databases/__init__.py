"""Derives the address, login and connection strategy of PostgreSQL from variables alone."""
