"""Gives each module of tests a PostgreSQL server whose roles it may change."""

from collections.abc import Iterator

import pytest

from django_runtimes.compare.services.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """The module's own server."""
    with EmbeddedPostgres() as postgres:
        yield postgres
