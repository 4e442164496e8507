"""One server for the tests that leave it as it was."""

from collections.abc import Iterator

import pytest

from tests.integration.serving.http.servers import Server, mirror_server


@pytest.fixture(scope="package")
def server(tmp_path_factory) -> Iterator[Server]:
    """The mirror behind one worker."""
    with mirror_server(tmp_path_factory.mktemp("mirror")) as running:
        yield running


@pytest.fixture
def port(server: Server) -> int:
    """Where it listens."""
    return server.port
