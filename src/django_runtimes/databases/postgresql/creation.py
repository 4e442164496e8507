"""Closes every pool of a test database before it is dropped."""

from typing import Any

from django_runtimes.databases.postgresql.types import CreationBase
from django_runtimes.databases.sockets.class_cache import class_cache
from django_runtimes.databases.sockets.fork import pools


class DatabaseCreationMixin(CreationBase):
    """Extends Django's DatabaseCreation for PostgreSQL, which closes only the pool of its own alias.

    A replica that `TEST["MIRROR"]` points at the same database has a pool of its own.
    """

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        for alias, pool in list(pools.items()):
            if test_database_name in pool.made_for:
                pools.pop(alias, None)
                pool.close()
        super()._destroy_test_db(test_database_name, verbosity)


@class_cache(16)
def with_all_pools(creation: type) -> type:
    """Return the class with DatabaseCreationMixin before it."""
    if issubclass(creation, DatabaseCreationMixin):
        return creation
    members: dict[str, Any] = {"__module__": __name__}
    return type(creation.__name__, (DatabaseCreationMixin, creation), members)
