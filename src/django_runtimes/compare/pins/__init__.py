"""Counts the statements of a target that would pin a client of RDS Proxy to one connection."""
