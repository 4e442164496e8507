"""Commands that change a database: migrations under a lock, roles and their timeouts."""
