"""Migrations and roles of a MySQL or MariaDB server, which operations administer."""
