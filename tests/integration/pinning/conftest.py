"""A PostgreSQL that writes every statement it is sent into its log."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from django_runtimes.compare.services.postgres import EmbeddedPostgres

# As log_line_prefix and the simple and the extended protocol make the lines.
_LOGGED = re.compile(r"^(\w+)\|LOG:  (?:statement|execute (<unnamed>|\w+)): (.*(?:\n\t.*)*)$", re.MULTILINE)


class LoggingPostgres(EmbeddedPostgres):
    """An embedded server whose log tells what each database was sent."""

    def __enter__(self) -> "LoggingPostgres":
        super().__enter__()
        with psycopg.connect(self.administration_url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET log_line_prefix = '%d|'")
            connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            connection.execute("SELECT pg_reload_conf()")
        while not self._logs():
            time.sleep(0.01)
        return self

    def _logs(self) -> bool:
        with psycopg.connect(self.administration_url) as connection:
            return connection.execute("SHOW log_statement").fetchone() == ("all",)

    def statements(self, database: str) -> list[str]:
        """Every statement of one database so far."""
        log = Path(self.directory, "postgres.log").read_text()
        return [text.replace("\n\t", "\n") for name, _, text in _LOGGED.findall(log) if name == database]

    def prepared_names(self, database: str) -> set[str]:
        """The names under which statements of one database were prepared."""
        log = Path(self.directory, "postgres.log").read_text()
        return {prepared for name, prepared, _ in _LOGGED.findall(log) if name == database} - {"", "<unnamed>"}


@pytest.fixture(scope="session")
def logging_server() -> Iterator[LoggingPostgres]:
    """One for the whole run, since nothing in it depends on what other tests sent."""
    with LoggingPostgres() as server:
        yield server
