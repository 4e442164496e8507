"""A PostgreSQL whose roles a module of tests may change."""

from collections.abc import Iterator

import pytest

from django_runtimes.compare.services.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A server of the module's own."""
    with EmbeddedPostgres() as postgres:
        yield postgres
