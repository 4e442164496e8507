"""Django's DatabaseWrapper for PostgreSQL, with the features of this engine."""

from django.db.backends.postgresql import base

from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin


class DatabaseWrapper(DatabaseWrapperMixin, base.DatabaseWrapper):
    """Django's wrapper with DatabaseWrapperMixin before it."""
