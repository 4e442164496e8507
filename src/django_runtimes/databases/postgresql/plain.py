"""Django's DatabaseWrapper for PostgreSQL with this engine's features."""

from django.db.backends.postgresql import base

from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin


class DatabaseWrapper(DatabaseWrapperMixin, base.DatabaseWrapper):
    """Django's DatabaseWrapper, preceded by DatabaseWrapperMixin."""
