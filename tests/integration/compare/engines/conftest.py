"""A MariaDB as a comparison starts it."""

from collections.abc import Iterator

import pytest

from django_runtimes.compare.engines.mariadb_databases import ComparedMariadb
from tests.prerequisites import require_program


@pytest.fixture(scope="session")
def compared_mariadb() -> Iterator[ComparedMariadb]:
    """Return a server that counts the connections of each user; without the system's package tests are skipped."""
    require_program("mariadbd")
    with ComparedMariadb() as server:
        yield server
