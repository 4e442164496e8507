"""What every contender finds around it: the same variables, and a copy of the same database."""

from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.peers import CHECKOUT
from webapp.compare.environ import application_environ
from webapp.compare.preparation import prepare_application
from webapp.compare.services.databases import create_database
from webapp.compare.services.postgres import PostgresServer
from webapp.compare.workload import Application

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
    """One database server with the filled application, the peers' Python and a directory for logs."""

    python: Path
    server: PostgresServer
    template: str
    workspace: Path

    @classmethod
    def prepare(cls, python: Path, server: PostgresServer, workspace: Path) -> "Surroundings":
        """Migrate and fill the database that the others are copies of."""
        surroundings = cls(python, server, "bench_template", workspace)
        create_database(server, surroundings.template)
        prepare_application(REFERENCE, surroundings.environ(surroundings.template), log=workspace / "prepare.log")
        with psycopg.connect(server.url(surroundings.template), autocommit=True) as connection:
            connection.execute(_FILL)
            # Otherwise the server does it at a moment of its own, on somebody's time.
            connection.execute("VACUUM (ANALYZE) reference_item")
        return surroundings

    def environ(self, database: str) -> dict[str, str]:
        """The variables of the application on one database; the runtime is not among them."""
        url = self.server.url(database)
        return application_environ(REFERENCE, database_url=url, static_root=self.workspace / "static")

    def database(self, name: str) -> str:
        """A new copy of the filled database; its name."""
        create_database(self.server, name, template=self.template)
        return name
