"""Turns failures of the database and the store into 503 and 504 responses."""
