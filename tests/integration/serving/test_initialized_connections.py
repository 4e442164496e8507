"""The lists of the thread's connections to databases and caches equal Django's."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from types import SimpleNamespace

import pytest
from asgiref.local import Local
from django.core.cache import CacheHandler, caches
from django.db import connections
from django.db.utils import ConnectionHandler
from django.utils.connection import BaseConnectionHandler

from django_runtimes.serving.asgi.threads import initialized_connections
from django_runtimes.serving.asgi.threads.initialized_connections import quicken_connections

ALIASES = ("default", "one", "two")
DATABASE = {"ENGINE": "django.db.backends.dummy"}
CACHE = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}


@pytest.fixture(params=["connections", "caches"])
def handler(request, monkeypatch) -> BaseConnectionHandler:
    """Return a handler with three aliases in the place of Django's."""
    if request.param == "connections":
        handler = ConnectionHandler(dict.fromkeys(ALIASES, DATABASE))
    else:
        handler = CacheHandler(dict.fromkeys(ALIASES, CACHE))
    monkeypatch.setattr(initialized_connections, request.param, handler)
    quicken_connections()
    assert "all" in vars(handler)
    return handler


def both(handler: BaseConnectionHandler, *, initialized_only: bool) -> tuple[list, list]:
    return handler.all(initialized_only=initialized_only), BaseConnectionHandler.all(handler, initialized_only)


def test_only_initialized_connections_are_listed_in_order(handler):
    assert both(handler, initialized_only=True) == ([], [])
    two, default = handler["two"], handler["default"]

    assert both(handler, initialized_only=True) == ([default, two], [default, two])


def test_each_thread_has_connections_of_its_own(handler):
    handler["default"]
    with ThreadPoolExecutor(1) as pool:
        one = pool.submit(handler.__getitem__, "one").result()
        listed, djangos = pool.submit(both, handler, initialized_only=True).result()

    assert listed == djangos == [one]


def test_assigned_and_deleted_connections_count(handler):
    former = handler["one"]
    handler["one"] = copy(former)
    handler["two"]
    del handler["two"]

    listed, djangos = both(handler, initialized_only=True)

    assert listed == djangos == [handler["one"]]
    assert listed[0] is not former


def test_all_connections_are_made_if_asked_for(handler):
    assert handler.all() == [handler[alias] for alias in ALIASES]


def test_on_the_thread_of_an_event_loop_the_tasks_are_listed(handler):
    default = handler["default"]

    async def task() -> tuple[list, list, list]:
        one = handler["one"]
        # A task shares the caches of its context, but has database connections of its own.
        expected = [one] if isinstance(handler, ConnectionHandler) else [default, one]
        return *both(handler, initialized_only=True), expected

    listed, djangos, expected = asyncio.run(task())

    assert listed == djangos == expected


def test_a_storage_that_is_replaced_later_is_read(handler):
    handler["one"]
    handler._connections = Local(handler.thread_critical)
    two = handler["two"]

    assert both(handler, initialized_only=True) == ([two], [two])


def test_another_storage_is_left_to_django(handler):
    """An older asgiref has the data itself in its context variable."""
    one = handler["one"]
    handler._connections = SimpleNamespace(_storage=SimpleNamespace(_data={}), one=one)

    assert both(handler, initialized_only=True) == ([one], [one])


def test_djangos_own_handlers_have_the_expected_storage():
    assert type(connections) is ConnectionHandler
    assert type(connections._connections._storage) is threading.local
    assert type(caches) is CacheHandler
    assert type(caches._connections._storage._storage().data) is dict
