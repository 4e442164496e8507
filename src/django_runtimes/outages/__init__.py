"""Turns failures of the database into 503 and 504 responses."""
