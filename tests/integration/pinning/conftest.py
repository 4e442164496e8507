"""A PostgreSQL server that logs every statement it receives."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from django_runtimes.compare.services.postgres import EmbeddedPostgres

# The log's lines for the simple and the extended protocol, with the log_line_prefix set below.
_LOGGED = re.compile(r"^(\w+)\|LOG:  (?:statement|execute (<unnamed>|\w+)): (.*(?:\n\t.*)*)$", re.MULTILINE)


class LoggingPostgres(EmbeddedPostgres):
    """An embedded server that logs the statements of each database."""

    def __enter__(self) -> "LoggingPostgres":
        super().__enter__()
        with psycopg.connect(self.administration_url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET log_line_prefix = '%d|'")
            connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            connection.execute("SELECT pg_reload_conf()")
        deadline_s = time.monotonic() + 60
        while not self._logs():
            assert time.monotonic() < deadline_s, "the server does not log its statements"
            time.sleep(0.01)
        return self

    def _logs(self) -> bool:
        with psycopg.connect(self.administration_url) as connection:
            return connection.execute("SHOW log_statement").fetchone() == ("all",)

    def statements(self, database: str) -> list[str]:
        """Return every statement that a database has received."""
        log = Path(self.directory, "postgres.log").read_text()
        return [text.replace("\n\t", "\n") for name, _, text in _LOGGED.findall(log) if name == database]

    def prepared_names(self, database: str) -> set[str]:
        """Return the names under which statements of a database were prepared."""
        log = Path(self.directory, "postgres.log").read_text()
        return {prepared for name, prepared, _ in _LOGGED.findall(log) if name == database} - {"", "<unnamed>"}


@pytest.fixture(scope="session")
def logging_server() -> Iterator[LoggingPostgres]:
    """One server for the whole run; each test reads the statements of its own database."""
    with LoggingPostgres() as server:
        yield server
