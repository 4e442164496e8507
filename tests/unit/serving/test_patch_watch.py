"""Patches of Django's handler are noticed, however a tool makes them."""

import functools
import time

import pytest
from django.core.handlers.asgi import ASGIHandler

from django_runtimes.serving.asgi.patches import CHECK_INTERVAL_S, PatchWatch, is_patched


def look(watch):
    time.sleep(CHECK_INTERVAL_S)
    return watch.patched


@pytest.mark.parametrize("name", ["__call__", "handle", "run_get_response", "get_response", "get_response_async"])
def test_djangos_own_methods_are_not_patched(name):
    assert not is_patched(ASGIHandler, name)


def test_a_wrapped_method_is_detected_as_patched(monkeypatch):
    original = ASGIHandler.__call__

    @functools.wraps(original)
    async def wrapping(self, *args):
        await original(self, *args)

    monkeypatch.setattr(ASGIHandler, "__call__", wrapping)

    assert is_patched(ASGIHandler, "__call__")


def test_an_object_that_imitates_the_function_is_detected_as_patched(monkeypatch):
    class Proxy:
        __class__ = property(lambda self: type(ASGIHandler.handle))
        __globals__ = ASGIHandler.handle.__globals__
        __code__ = ASGIHandler.handle.__code__

    monkeypatch.setattr(ASGIHandler, "handle", Proxy())

    assert is_patched(ASGIHandler, "handle")


def test_a_method_with_rewritten_bytecode_is_detected_as_patched(monkeypatch):
    code = ASGIHandler.handle.__code__
    monkeypatch.setattr(ASGIHandler.handle, "__code__", code.replace(co_consts=(*code.co_consts, print)))

    assert is_patched(ASGIHandler, "handle")


def test_a_watch_notices_added_and_removed_patches(monkeypatch):
    watch = PatchWatch(ASGIHandler)
    seen_by_watch = [look(watch)]
    with monkeypatch.context() as patched:
        patched.setattr(ASGIHandler, "__call__", lambda *_: None)
        seen_by_watch.append(look(watch))
    seen_by_watch.append(look(watch))
    code = ASGIHandler.handle.__code__
    monkeypatch.setattr(ASGIHandler.handle, "__code__", code.replace(co_consts=(*code.co_consts, print)))
    seen_by_watch.append(look(watch))

    assert seen_by_watch == [set(), {"__call__"}, set(), {"handle"}]


def test_a_watch_notices_objects_that_are_not_functions(monkeypatch):
    class Proxy:
        __code__ = ASGIHandler.handle.__code__
        __eq__ = lambda self, other: True  # noqa: E731
        __hash__ = None

    watch = PatchWatch(ASGIHandler)
    assert not look(watch)
    monkeypatch.setattr(ASGIHandler, "handle", Proxy())
    assert look(watch) == {"handle"}
    monkeypatch.setattr(ASGIHandler, "handle", functools.partial(print))
    assert look(watch) == {"handle"}
