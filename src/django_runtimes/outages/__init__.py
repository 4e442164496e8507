"""Failures of a database, answered as 503 and 504."""
