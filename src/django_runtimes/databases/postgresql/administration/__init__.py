"""Migrations and roles of a PostgreSQL server, which operations administer."""
