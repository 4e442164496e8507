"""Operations whose compilers mark the statements that can leave no session state."""

from typing import Any

from django_runtimes.databases.postgresql.remembering import remembering

_DJANGOS = "django.db.backends.postgresql.compiler"


class DatabaseOperationsMixin:
    """Stands before Django's operations for PostgreSQL, or GeoDjango's."""

    compiler_module = "django_runtimes.databases.postgresql.compiler"


@remembering(16)
def with_marks(operations: type) -> type:
    """The class with DatabaseOperationsMixin before it; one that is not Django's keeps its own compilers.

    SQL of an engine that somebody else wrote may call any function: unmarked, its statements are followed by a reset.
    """
    given: Any = operations
    if issubclass(operations, DatabaseOperationsMixin) or given.compiler_module != _DJANGOS:
        return operations
    if operations.__module__.partition(".")[0] != "django":
        return operations
    return type(operations.__name__, (DatabaseOperationsMixin, operations), {"__module__": __name__})
