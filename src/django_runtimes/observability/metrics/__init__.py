"""Metrics in the lines of the access log."""
