"""The receivers that replace Django's receivers of the request signals."""

import asyncio
from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries
from django.dispatch import Signal

from django_runtimes.serving.asgi.threads import request_signals
from django_runtimes.serving.asgi.threads.abandoned import connected_wrappers, exchange_connected, note_connected
from django_runtimes.serving.asgi.threads.request_signals import replace_receivers

DJANGOS = [(request_started, reset_queries), (request_started, close_old_connections)]
DJANGOS += [(request_finished, close_old_connections)]


@pytest.fixture
def replaced() -> Iterator[None]:
    """Replace Django's receivers, which tests with Django's client connect again, and restore all of them."""
    former = request_started.receivers[:], request_finished.receivers[:]
    for signal, receiver in DJANGOS:
        signal.connect(receiver)
    replace_receivers()
    yield
    for signal, receivers in zip((request_started, request_finished), former, strict=True):
        signal.receivers[:] = receivers
        signal.sender_receivers_cache.clear()


@pytest.fixture
def wrapper(transactional_db):
    wrapper = connections["default"]
    wrapper.ensure_connection()
    return wrapper


def names(signal: Signal) -> list[str]:
    return [receiver.__name__ for receiver in signal._live_receivers(None)[0]]


def test_a_receiver_takes_the_place_of_another():
    signal, called = Signal(), []

    def first(**kwargs: object) -> None:
        called.append("first")

    def former(**kwargs: object) -> None:
        called.append("former")

    def last(**kwargs: object) -> None:
        called.append("last")

    def new(**kwargs: object) -> None:
        called.append("new")

    for receiver in (first, former, last):
        signal.connect(receiver)
    signal.send(None)
    for _ in range(2):
        request_signals._replace(signal, former, new)
        signal.send(None)

    assert called == ["first", "former", "last"] + ["first", "new", "last"] * 2


def test_a_receiver_that_a_project_has_disconnected_is_not_replaced():
    signal = Signal()
    signal.connect(reset_queries)

    request_signals._replace(signal, close_old_connections, reset_queries)

    assert names(signal) == ["reset_queries"]


def test_each_handler_replaces_what_a_test_client_has_connected_again(replaced):
    request_finished.connect(close_old_connections)

    replace_receivers()

    assert names(request_started).count("_reset_queries") == 1
    for signal in (request_started, request_finished):
        assert names(signal).count("_close_old_connections") == 1
        assert not {"close_old_connections", "reset_queries"} & {*names(signal)}


@pytest.mark.parametrize("signal", [request_started, request_finished], ids=["started", "finished"])
def test_a_connection_that_is_too_old_is_closed(replaced, wrapper, signal):
    signal.send(sender=None)
    is_kept = wrapper.connection is not None
    wrapper.ensure_connection()
    wrapper.close_at = 0.0
    signal.send(sender=None)

    # Under the profiles that connect per request, every connection is too old.
    assert is_kept is (wrapper.settings_dict["CONN_MAX_AGE"] != 0)
    assert wrapper.connection is None


def test_the_log_of_queries_is_emptied_at_the_start_of_a_request(replaced, wrapper):
    wrapper.queries_log.append({"sql": "SELECT 1", "time": "0"})
    wrapper.close()
    request_finished.send(sender=None)
    assert wrapper.queries_log

    request_started.send(sender=None)

    assert not wrapper.queries_log


def test_connections_from_before_the_handler_are_known(replaced, wrapper):
    former = exchange_connected({})
    try:
        note_connected()
        assert connected_wrappers() == [wrapper]
    finally:
        exchange_connected(former)


def test_on_the_thread_of_an_event_loop_djangos_receivers_run(replaced, monkeypatch):
    called = []
    monkeypatch.setattr(request_signals, "reset_queries", lambda: called.append("reset"))
    monkeypatch.setattr(request_signals, "close_old_connections", lambda: called.append("close"))

    async def send() -> None:
        request_started.send(sender=None)
        request_finished.send(sender=None)

    asyncio.run(send())

    assert called == ["reset", "close", "close"]
