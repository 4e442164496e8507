"""The table of the engines that the library supports."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_runtimes.config.values.connection_strategy import Route
    from django_runtimes.config.values.data_paths import Engine
    from django_runtimes.databases.interface.database_engine import DatabaseEngine


class RegisteredEngine(NamedTuple):
    """One engine: its name, the object that answers for it, and the package whose exceptions it raises.

    The name is the attribute `library_engine` of the engine's DatabaseWrapper, or else Django's vendor. So a row also
    answers for other packages' engines of the same vendor. `answers` is a dotted name, since a process imports an
    engine's answers only when it needs one.
    """

    name: str
    answers: str
    errors: str


ENGINES = (
    RegisteredEngine(
        "postgresql", "django_runtimes.databases.postgresql.postgresql_engine.POSTGRESQL", errors="psycopg"
    ),
    RegisteredEngine(
        "data_api",
        "django_runtimes.databases.data_api.data_api_engine.DATA_API",
        errors="django_runtimes.databases.data_api",
    ),
    RegisteredEngine(
        "dsql", "django_runtimes.databases.dsql.dsql_engine.DSQL", errors="django_runtimes.databases.dsql"
    ),
    # The name is the vendor of Django's own engine too.
    RegisteredEngine("mysql", "django_runtimes.databases.mysql.mysql_engine.MYSQL", errors="pymysql"),
    RegisteredEngine("oracle", "django_runtimes.databases.oracle.oracle_engine.ORACLE", errors="oracledb"),
    # The vendor of mssql-django's engine.
    RegisteredEngine("microsoft", "django_runtimes.databases.mssql.mssql_engine.MSSQL", errors="pyodbc"),
)

# Django's engine for an entry of DATABASES without ENGINE.
NO_ENGINE = "django.db.backends.dummy"


class DriverError(NamedTuple):
    """An exception of a driver, and the engine that can judge it."""

    error: Exception
    engine: "DatabaseEngine"


def engines() -> "tuple[DatabaseEngine, ...]":
    """Return all supported engines."""
    return tuple(map(_answers, ENGINES))


def engine_on_route(sql_engine: "Engine", route: "Route") -> "DatabaseEngine | None":
    """Return the engine that serves a row of the table of data paths, or None if no engine does."""
    return next((each for each in engines() if each.sql_engine is sql_engine and route in each.routes), None)


def engine_of(wrapper: "BaseDatabaseWrapper | type[BaseDatabaseWrapper]") -> "DatabaseEngine | None":
    """Return the engine of a connection or of its class; None for an engine that the library does not support."""
    name = getattr(wrapper, "library_engine", wrapper.vendor)
    return next((_answers(row) for row in ENGINES if row.name == name), None)


def engine_of_entry(database: Mapping[str, Any]) -> "DatabaseEngine | None":
    """Return the engine of an entry of DATABASES, or None; raise ImproperlyConfigured if Django cannot load it."""
    from django.db.utils import load_backend

    return engine_of(load_backend(database.get("ENGINE") or NO_ENGINE).DatabaseWrapper)


def driver_error(error: BaseException | None) -> DriverError | None:
    """Return the first error of a driver in the chain of causes that begins with `error`."""
    while error is not None:
        for row in _rows_of(type(error)):
            engine = _answers(row)
            if isinstance(error, engine.error_class):
                return DriverError(error, engine)
        error = error.__cause__
    return None


def _rows_of(cls: type) -> Iterator[RegisteredEngine]:
    """Yield the rows whose package defines the class or one of its bases, the most derived first."""
    for ancestor in cls.__mro__:
        module = f"{ancestor.__module__}."
        yield from (row for row in ENGINES if module.startswith(f"{row.errors}."))


def _answers(row: RegisteredEngine) -> "DatabaseEngine":
    module, _, name = row.answers.rpartition(".")
    return getattr(import_module(module), name)  # type: ignore[no-any-return]
