"""Makes Django's operations use compilers that mark statements without session state."""

from typing import Any

from django_runtimes.databases.sockets.class_cache import class_cache

_DJANGO_COMPILER = "django.db.backends.postgresql.compiler"


class DatabaseOperationsMixin:
    """Extends Django's or GeoDjango's operations for PostgreSQL."""

    compiler_module = "django_runtimes.databases.postgresql.compiler"


@class_cache(16)
def with_marks(operations: type) -> type:
    """Return the class with DatabaseOperationsMixin before it; a class that is not Django's is returned unchanged.

    A third-party engine's SQL may call any function, so its statements stay unmarked and a reset follows them.
    """
    given: Any = operations
    if issubclass(operations, DatabaseOperationsMixin) or given.compiler_module != _DJANGO_COMPILER:
        return operations
    if operations.__module__.partition(".")[0] != "django":
        return operations
    return type(operations.__name__, (DatabaseOperationsMixin, operations), {"__module__": __name__})
