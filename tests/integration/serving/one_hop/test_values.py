"""Values that receivers and middleware set are kept until their request ends, and leak into no other request."""

import asyncio
import contextlib
import threading

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished

from tests.integration.serving.django_versions import KEEPS_CONTEXT
from tests.integration.serving.middleware import context_values
from tests.integration.serving.one_hop.exchange import Exchange, exchange

VIEWS = pytest.mark.parametrize("view", context_values.VIEWS)


@pytest.fixture(autouse=True)
def _values_urlconf(_urls_of_the_test_module, settings, listed) -> None:
    settings.ROOT_URLCONF = context_values.__name__
    settings.MIDDLEWARE = [listed(f"{context_values.__name__}.sets_a_variable")]


async def ask(handler, target: str) -> None:
    # A broken stream raises its error to the server.
    with contextlib.suppress(ValueError):
        await exchange(handler, "GET", target)


@VIEWS
async def test_a_request_keeps_its_values_until_its_end(one_hop, view):
    handler = one_hop()
    for number in range(3):
        with context_values.Recording():
            await ask(handler, f"/{view}/{number}")
        context_values.check(f"/{view}/{number}")


async def test_concurrent_requests_keep_their_values(one_hop):
    handler = one_hop(threads=4, max_waiting=100)
    targets = [f"/{view}/{number}" for view in context_values.VIEWS for number in range(4)]
    with context_values.Recording():
        await asyncio.gather(*(ask(handler, target) for target in targets))
    every = context_values.notes.copy()

    assert [note[1:4] for note in every if note[0] == "started"] == [("unset",) * 3] * len(targets)
    for target in targets:
        own = [note for note in every if target in note[1:4]]
        assert {note[1:4] for note in own} == {(target,) * 3}
        assert [note[0] for note in own].count("finished") == 1


@pytest.mark.parametrize("view", [view for view in context_values.VIEWS if view.startswith("sync")])
async def test_a_sync_requests_signals_share_the_views_thread(one_hop, view):
    with context_values.Recording():
        await ask(one_hop(), f"/{view}/1")

    on_the_loop = threading.get_ident()
    assert len({thread for *_, thread in context_values.notes if thread != on_the_loop}) == 1
    assert context_values.notes[0][-1] == context_values.notes[-1][-1] != on_the_loop


async def test_an_async_requests_signals_share_a_thread(one_hop):
    with context_values.Recording():
        await ask(one_hop(), "/async/1")

    assert context_values.notes[0][-1] == context_values.notes[-1][-1] != threading.get_ident()


async def test_django_drops_values_that_a_receiver_set(one_hop):
    for handler, expected in ((ASGIHandler(), "/async/1" if KEEPS_CONTEXT else "unset"), (one_hop(), "/async/1")):
        with context_values.Recording():
            await ask(handler, "/async/1")
        (view,) = {of_variable for where, _, of_variable, *_ in context_values.notes if where == "view"}
        assert view == expected


async def test_a_broken_async_stream_sends_request_finished(one_hop):
    seen = []

    def finished(**_):
        seen.append("finished")

    request_finished.connect(finished)
    try:
        for handler in (ASGIHandler(), one_hop()):
            with pytest.raises(ValueError, match="broken"):
                await exchange(handler, "GET", "/async_broken_stream/1")
            seen.append("end")
    finally:
        request_finished.disconnect(finished)

    assert seen == ["end", "finished", "end"]


@pytest.mark.parametrize("view", ["sync", "async"])
async def test_a_disconnect_ends_its_request_once(one_hop, view):
    with context_values.Recording():
        leaving = Exchange(one_hop(), "GET", f"/{view}/1").start()
        leaving.disconnect()
        await leaving.finish()

    where = [name for name, *_ in context_values.notes]
    assert (where[0], where[-1]) == ("started", "finished")
    assert where.count("finished") == 1
