"""A database that the image has migrated."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.services.postgres import PostgresServer
from tests.image.containers import container_environ, run_container


@contextmanager
def migrated_database(image: str, server: PostgresServer, log: Path) -> Iterator[str]:
    """Yield the database's URL, and drop the database at the end."""
    name = f"image_{secrets.token_hex(4)}"
    create_database(server, name)
    url = server.url(name)
    with run_container(image, container_environ(url), arguments=["migrate", "--verbosity", "0"], log=log) as migration:
        assert migration.wait() == 0, migration.logs()
    yield url
    drop_database(server, name)
