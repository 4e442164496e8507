"""Containers of the image with the cases' application mounted, and single requests to them."""

import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.image.containers import Container, container_environ, run_container
from tests.image.podman import CHECKOUT

HOST = "guestbook.example"
# A load balancer that terminates TLS sends these headers.
HEADERS = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept": "application/json"}

MOUNT = f"--volume={CHECKOUT / 'tests'}:/opt/tests/tests:ro"
APPLICATION = {"PYTHONPATH": "/opt/tests", "DJANGO_SETTINGS_MODULE": "tests.image.faults.application.settings"}

_TIMEOUT_S = 60.0
# A machine that stands still for seconds must not make a request fail.
PATIENCE = {"WEBAPP_MAX_WAIT_S": "60", "WEBAPP_DB_CONNECT_TIMEOUT_S": "60", "WEBAPP_DB_POOL_TIMEOUT_S": "60"}


@contextmanager
def serving(
    image: str,
    database_url: str,
    log: Path,
    *,
    workers: int = 1,
    variables: Mapping[str, str] | None = None,
    memory: str = "512m",
    pids_limit: int = 128,
) -> Iterator[Container]:
    """Run a container that is ready for requests."""
    environ = {
        **container_environ(database_url),
        **APPLICATION,
        **PATIENCE,
        "WEBAPP_WORKERS": str(workers),
        **(variables or {}),
    }
    with run_container(image, environ, log=log, memory=memory, pids_limit=pids_limit, options=(MOUNT,)) as container:
        container.wait_until_serving("/readyz")
        yield container


class Conversation:
    """A connection that is kept open and never reopened; a context manager."""

    def __init__(self, url: str, *, source: str = "127.0.0.1") -> None:
        """Connect to the URL from `source`, an address of this machine."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=_TIMEOUT_S, source_address=(source, 0)
        )
        self._connection.connect()
        self._connection.auto_open = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] = HEADERS
    ) -> tuple[int, bytes]:
        """Return the status and body; raise OSError or HTTPException without a complete response."""
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        return response.status, response.read()

    def served_by(self) -> int:
        """Return the ID, inside the container, of the process that serves this connection."""
        process: int = json.loads(self.ask("/faults/process")[1])["process"]
        return process


def ask(url: str, path: str, **request: Any) -> tuple[int, bytes]:
    """Send one request on a new connection; return status 0 without a complete response."""
    with contextlib.suppress(OSError, http.client.HTTPException), Conversation(url) as conversation:
        return conversation.ask(path, **request)
    return 0, b""
