"""The testbed of every contender: the same variables, and a copy of the same database."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.contenders.peers import CHECKOUT
from django_runtimes.cli import processes
from django_runtimes.compare.codebase.environ import application_environ
from django_runtimes.compare.codebase.preparation import prepare_application
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.postgres import PostgresServer
from django_runtimes.compare.workload.workload import Application

REFERENCE = Application(
    settings_module="benchmarks.application.settings",
    python_path=CHECKOUT,
    # The image's build runs the same command.
    prepare=(("collectstatic", "--no-input", "--verbosity", "0"),),
)

_FILL = """
INSERT INTO reference_item (name, price_cents, created_at)
SELECT 'item number ' || number, number * 7 % 9901, timestamptz '2026-01-01 00:00Z' + number * interval '1 minute'
FROM generate_series(1, 1000) AS number
"""


@dataclass(frozen=True)
class Testbed:
    """A database server with the filled template database, a Python, a folder for logs, and the checkout to run.

    `variables` are set in addition.
    """

    python: Path
    server: PostgresServer
    template: str
    workspace: Path
    checkout: Path = CHECKOUT
    variables: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Create, migrate and fill the template database with the checkout's own commands."""
        create_database(self.server, self.template)
        prepare_application(
            REFERENCE, self.environ(self.template), log=self.workspace / "prepare.log", start=self._start_command
        )
        with psycopg.connect(self.server.url(self.template), autocommit=True) as connection:
            connection.execute(_FILL)
            # Otherwise autovacuum would run during a measurement.
            connection.execute("VACUUM (ANALYZE) reference_item")

    def environ(self, database: str) -> dict[str, str]:
        """Return the application's variables for one database, without the runtime."""
        url = self.server.url(database)
        environ = application_environ(REFERENCE, database_url=url, static_root=self.workspace / "static")
        # The checkout's code takes precedence over a project that is installed for `python`.
        python_path = os.pathsep.join((str(self.checkout / "src"), str(self.checkout)))
        return {**environ, "PYTHONPATH": python_path, **self.variables}

    def database(self, name: str) -> str:
        """Create a copy of the template database and return its name."""
        create_database(self.server, name, template=self.template)
        return name

    def _start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        command = [str(self.python), "-m", "webapp", *arguments]
        return processes.spawn(command, environ=environ, log=log, directory=self.checkout)
