"""Fixtures of the tests of streams that keep a connection of their pool."""

from collections.abc import Iterator

import pytest
from django.db import connection, connections

from tests.integration.serving.one_hop.threads.barrier import Barrier


# pytest may load this file before Django's apps, so models are imported in the fixtures.
@pytest.fixture
def barrier() -> Iterator[Barrier]:
    """Set the barrier of the views, and open it at the end so that no thread stays blocked."""
    from tests.integration.serving.one_hop.connections.stream_places import exports

    exports.barrier = Barrier()
    yield exports.barrier
    exports.barrier.open()


@pytest.fixture(autouse=True)
def groups(direct) -> None:
    """Create the rows that the views export."""
    from django.contrib.auth.models import Group

    from tests.integration.serving.one_hop.connections.stream_places.exports import NAMES

    Group.objects.bulk_create(Group(name=name) for name in NAMES.decode())
    connection.close()


@pytest.fixture
def pool(pooled, database):
    """A pool of eight connections, all of which are open, so that only a wait for a stream's place takes a second."""
    database["OPTIONS"]["pool"] |= {"min_size": 8, "max_size": 8, "timeout": 1}
    connections["default"].close_pool()
    pool = connections["default"].pool
    pool.open(wait=True, timeout=60)
    return pool
