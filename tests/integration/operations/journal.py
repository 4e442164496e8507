"""Runs `webapp migrate` on the application `journal` as real processes, with its own database."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from django_runtimes.cli import processes
from django_runtimes.databases.postgresql.administration.session_lock import LOCK_KEY

APPLICATIONS = Path(__file__).parents[2] / "applications"
# Far longer than any step takes on a busy machine, so reaching it means a hang.
LIMIT_S = 120.0
# A test may give the role short timeouts, which would end the test's own statements on a busy machine.
_WITHOUT_TIMEOUTS = "-c statement_timeout=0 -c idle_session_timeout=0 -c idle_in_transaction_session_timeout=0"

_SESSIONS = """
SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32) + objid::bigint = %s
ORDER BY backend_start, pid
"""

_MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("journal", "0005_author")]
    operations = [migrations.RunSQL({statement!r}, migrations.RunSQL.noop)]
"""


class Migrate:
    """A process of `webapp migrate`, whose output is in `log`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text()

    def end(self) -> int:
        """Wait for the process to exit by itself, and return its exit code."""
        return self.process.wait(LIMIT_S)

    def wait_for(self, text: str) -> None:
        until(lambda: text in self.output or self.process.poll() is not None)
        assert text in self.output


class Journal:
    """The database and the processes that migrate it; the second migration can wait at a gate."""

    application = "journal"

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        # Variables of the database's address, which the processes get.
        self.address = {"DATABASE_URL": url}
        self._directory = directory
        self._gate = directory / "gate"
        self._processes: list[subprocess.Popen[bytes]] = []

    def migrate(self, *arguments: str, **environ: str) -> Migrate:
        """Start `webapp migrate` in the background."""
        return self.run("migrate", *arguments, **environ)

    def run(self, *arguments: str, **environ: str) -> Migrate:
        """Start a command of `webapp` in the background."""
        log = self._directory / f"migrate-{len(self._processes)}.log"
        process = processes.spawn(
            [sys.executable, "-m", "webapp", *arguments], environ=self._environ() | environ, log=log
        )
        self._processes.append(process)
        return Migrate(process, log)

    def migrate_to_gate(self, *arguments: str, **environ: str) -> Migrate:
        """Start `webapp migrate`, and return once its second migration waits at the gate."""
        started = self.migrate(*arguments, **environ, **{f"{self.application.upper()}_GATE": str(self._gate)})
        reached = self._gate.with_suffix(".reached")
        until(lambda: reached.exists() or started.process.poll() is not None)
        assert reached.exists(), started.output
        return started

    def with_statement(self, statement: str | list[str], *, atomic: bool = False) -> dict[str, str]:
        """Add a last migration that executes one statement or several; return the variables that select it."""
        package = self._directory / "statement"
        (package / "migrations").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "migrations" / "__init__.py").touch()
        (package / "settings.py").write_text(
            "from journal.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'statement']\n"
        )
        (package / "migrations" / "0001_initial.py").write_text(_MIGRATION.format(atomic=atomic, statement=statement))
        return {
            "PYTHONPATH": os.pathsep.join([str(APPLICATIONS), str(self._directory)]),
            "DJANGO_SETTINGS_MODULE": "statement.settings",
        }

    def open_gate(self) -> None:
        self._gate.touch()

    def execute(self, query: str, parameters: object = None) -> list[tuple]:
        """Return the rows of a query on a new connection."""
        with psycopg.connect(self.url, autocommit=True, options=_WITHOUT_TIMEOUTS) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def applied(self) -> list[str]:
        """Return the names of the migrations recorded as applied."""
        return [name for (name,) in self.execute("SELECT name FROM django_migrations ORDER BY id")]

    def lock_sessions(self) -> list[int]:
        """Return the PIDs of the backends that hold the migration lock, the dedicated backend first."""
        return [pid for (pid,) in self.execute(_SESSIONS, [LOCK_KEY])]

    def end_session(self, pid: int) -> None:
        """Terminate a backend, and wait until it has ended: on a busy machine it keeps its locks for a while."""
        assert self.execute("SELECT pg_terminate_backend(%s, %s)", [pid, int(LIMIT_S * 1000)]) == [(True,)]

    def stop(self) -> None:
        for process in self._processes:
            processes.stop(process, grace_s=0)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(APPLICATIONS),
            "DJANGO_SETTINGS_MODULE": f"{self.application}.settings",
            "WEBAPP_RUNTIME": "local",
            **self.address,
        }


def until(happened: Callable[[], object]) -> None:
    """Wait until `happened` returns true, and fail after LIMIT_S."""
    deadline = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.02)
