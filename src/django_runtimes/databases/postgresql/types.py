"""The bases of this engine's mixins: Django's and psycopg's classes for type checkers, `object` at run time."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from django.db.backends.postgresql.base import DatabaseWrapper
    from django.db.backends.postgresql.creation import DatabaseCreation
    from django.db.models.sql.compiler import SQLCompiler

    class WrapperBase(DatabaseWrapper):
        """Django's class, with the private names that its stubs leave out."""

        _thread_ident: int
        _type_infos: dict[str, dict[str, Any]]

        @property
        def _replaces_touched(self) -> bool: ...
        def _cursor(self, name: str | None = None) -> Any: ...
        def _configure_connection(self, connection: psycopg.Connection[Any]) -> bool: ...

    class CreationBase(DatabaseCreation):
        """Django's class, with the private names that its stubs leave out."""

        def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None: ...

    class CursorBase(psycopg.Cursor[Any]):
        """psycopg's cursor, with the attribute that this engine's wrapper sets."""

        on_close: Any

    class CompilerBase(SQLCompiler):
        """Django's compiler, with this engine's wrapper as its connection."""

        connection: Any

else:
    WrapperBase = CreationBase = CursorBase = CompilerBase = object
