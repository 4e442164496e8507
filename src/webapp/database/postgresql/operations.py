"""Django's operations for PostgreSQL, with the compilers that mark their statements."""

from django.db.backends.postgresql import operations


class DatabaseOperations(operations.DatabaseOperations):
    """Django's."""

    compiler_module = "webapp.database.postgresql.compiler"
