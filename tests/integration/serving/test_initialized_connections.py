"""The list of the thread's connections equals Django's."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from django_runtimes.serving.asgi.threads import initialized_connections
from django_runtimes.serving.asgi.threads.initialized_connections import quicken_connections


@pytest.fixture
def handler(monkeypatch) -> ConnectionHandler:
    """Return a handler with three aliases in the place of Django's."""
    handler = ConnectionHandler({alias: {"ENGINE": "django.db.backends.dummy"} for alias in ("default", "one", "two")})
    monkeypatch.setattr(initialized_connections, "connections", handler)
    quicken_connections()
    assert "all" in vars(handler)
    return handler


def both(handler: ConnectionHandler, *, initialized_only: bool) -> tuple[list, list]:
    return handler.all(initialized_only=initialized_only), ConnectionHandler.all(handler, initialized_only)


def test_only_initialized_connections_are_listed_in_order(handler):
    assert both(handler, initialized_only=True) == ([], [])
    two, default = handler["two"], handler["default"]

    assert both(handler, initialized_only=True) == ([default, two], [default, two])


def test_each_thread_has_connections_of_its_own(handler):
    handler["default"]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(handler.__getitem__, "one").result()
        listed, djangos = pool.submit(both, handler, initialized_only=True).result()

    assert listed == djangos
    assert [wrapper.alias for wrapper in listed] == ["one"]


def test_assigned_and_deleted_connections_count(handler):
    former = handler["one"]
    handler["one"] = former.copy()
    handler["two"]
    del handler["two"]

    listed, djangos = both(handler, initialized_only=True)

    assert listed == djangos == [handler["one"]]
    assert listed[0] is not former


def test_all_connections_are_made_if_asked_for(handler):
    assert [wrapper.alias for wrapper in handler.all()] == ["default", "one", "two"]


def test_on_the_thread_of_an_event_loop_each_task_has_its_own(handler):
    handler["default"]

    async def task() -> tuple[list, list]:
        handler["one"]
        return both(handler, initialized_only=True)

    listed, djangos = asyncio.run(task())

    assert listed == djangos
    assert [wrapper.alias for wrapper in listed] == ["one"]


def test_another_storage_keeps_djangos_method(handler, monkeypatch):
    del handler.all
    monkeypatch.setattr(handler, "_connections", SimpleNamespace(_storage=object()))

    quicken_connections()

    assert "all" not in vars(handler)


def test_djangos_own_handler_has_the_expected_storage():
    assert type(connections) is ConnectionHandler
    assert type(connections._connections._storage) is threading.local
