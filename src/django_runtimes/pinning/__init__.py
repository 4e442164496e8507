"""Finds statements in a project's tests that would pin RDS Proxy."""
