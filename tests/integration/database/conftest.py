"""The journal, an application with migrations of every kind, on a database of its own."""

import secrets
from collections.abc import Iterator

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.database.journal import Journal


@pytest.fixture
def journal(database_server, tmp_path) -> Iterator[Journal]:
    """Runs `webapp migrate` as real processes."""
    name = f"webapp_journal_{secrets.token_hex(4)}"
    create_database(database_server, name)
    journal = Journal(database_server.url(name), tmp_path)
    yield journal
    journal.stop()
    drop_database(database_server, name)
