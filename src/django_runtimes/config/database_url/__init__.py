"""Reads DATABASE_URL."""
