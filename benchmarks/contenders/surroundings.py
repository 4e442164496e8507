"""What every contender finds around it: the same variables, and a copy of the same database."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    # As the image does at its build.
    prepare=(("collectstatic", "--no-input", "--verbosity", "0"),),
)

_FILL = """
INSERT INTO reference_item (name, price_cents, created_at)
SELECT 'item number ' || number, number * 7 % 9901, timestamptz '2026-01-01 00:00Z' + number * interval '1 minute'
FROM generate_series(1, 1000) AS number
"""


@dataclass(frozen=True)
class Surroundings:
    """One database server with the filled application, a Python, a directory for logs, and whose code runs."""

    python: Path
    server: PostgresServer
    template: str
    workspace: Path
    checkout: Path = CHECKOUT

    def prepare(self) -> None:
        """Migrate and fill the database that the others are copies of, with this checkout's own commands."""
        create_database(self.server, self.template)
        prepare_application(
            REFERENCE, self.environ(self.template), log=self.workspace / "prepare.log", start=self._start_command
        )
        with psycopg.connect(self.server.url(self.template), autocommit=True) as connection:
            connection.execute(_FILL)
            # Otherwise the server does it at a moment of its own, on somebody's time.
            connection.execute("VACUUM (ANALYZE) reference_item")

    def environ(self, database: str) -> dict[str, str]:
        """The variables of the application on one database; the runtime is not among them."""
        url = self.server.url(database)
        environ = application_environ(REFERENCE, database_url=url, static_root=self.workspace / "static")
        # Ahead of whatever the environment of `python` has installed: this checkout's code runs.
        return {**environ, "PYTHONPATH": os.pathsep.join((str(self.checkout / "src"), str(self.checkout)))}

    def database(self, name: str) -> str:
        """A new copy of the filled database; its name."""
        create_database(self.server, name, template=self.template)
        return name

    def _start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        command = [str(self.python), "-m", "webapp", *arguments]
        return processes.spawn(command, environ=environ, log=log, directory=self.checkout)
