"""Detects the state that a request leaves in a PostgreSQL session."""
