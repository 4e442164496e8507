"""Wrappers of the engines for Oracle and SQL Server, and listeners in place of their servers."""

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.utils import load_backend

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime

_DEFAULTS: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "TIME_ZONE": None,
    "TEST": {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None},
}


@pytest.fixture
def wrapper_of(django_db_blocker) -> Iterator[Callable[..., Any]]:
    """Return a function that makes the wrapper of a URL; the wrappers are closed after the test."""
    wrappers = []

    def make(url: str, **variables: str) -> Any:
        environment = Environment({"DATABASE_URL": url, "WEBAPP_DB_CONNECT_TIMEOUT_S": "60", **variables})
        entry = database_settings(environment, choose_profile(Runtime.AWS_ECS, environment))
        wrapper = load_backend(entry["ENGINE"]).DatabaseWrapper({**_DEFAULTS, **entry}, "default")
        wrappers.append(wrapper)
        return wrapper

    with django_db_blocker.unblock():
        yield make
    for wrapper in wrappers:
        wrapper.close()


@pytest.fixture
def collected_garbage() -> Iterator[None]:
    """Collect what a driver has left open before another test, whose warnings are errors."""
    yield
    gc.collect()


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept connections on a port of 127.0.0.1, one at a time, and pass each to `serve`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    # A client that refuses the server may close the connection at any moment.
                    try:
                        serve(client)
                    except OSError:
                        continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=120)
