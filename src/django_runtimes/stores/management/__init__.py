"""Management commands on the database."""
