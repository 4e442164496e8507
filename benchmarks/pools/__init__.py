"""Compares pools and poolers of connections to PostgreSQL, on one project and under one load."""
