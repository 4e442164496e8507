"""Finds the statements that would pin RDS Proxy among those that a project's tests send."""
