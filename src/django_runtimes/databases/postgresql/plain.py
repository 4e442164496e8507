"""Django's own DatabaseWrapper for PostgreSQL, with what this engine adds."""

from django.db.backends.postgresql import base

from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin


class DatabaseWrapper(DatabaseWrapperMixin, base.DatabaseWrapper):
    """Django's."""
