"""The hooks that an application registers, and their order."""

import pytest

import django_runtimes
from django_runtimes import snapshot_hooks
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.snapshot_hooks import SnapshotHooks


def test_hooks_before_a_snapshot_run_in_reverse_order():
    hooks, order = SnapshotHooks(), []
    hooks.release_before_snapshot(lambda: order.append("library"))
    hooks.before_snapshot(lambda: order.append("first"))
    hooks.before_snapshot(lambda: order.append("second"))

    hooks.run_before_snapshot()
    hooks.release()

    assert order == ["second", "first", "library"]


def test_hooks_after_a_restore_run_in_order():
    hooks, order = SnapshotHooks(), []
    hooks.after_restore(lambda: order.append("first"))
    hooks.after_restore(lambda: order.append("second"))

    hooks.run_after_restore()
    hooks.run_after_restore()

    assert order == ["first", "second", "first", "second"]


def test_the_public_decorators_return_the_function(monkeypatch):
    hooks, order = SnapshotHooks(), []
    monkeypatch.setattr(snapshot_hooks, "HOOKS", hooks)

    @django_runtimes.before_snapshot
    def close():
        order.append("closed")

    @django_runtimes.after_restore
    def open_again():
        order.append("opened")

    hooks.run_before_snapshot()
    hooks.run_after_restore()
    close()

    assert order == ["closed", "opened", "closed"]


def test_an_asynchronous_hook_is_refused():
    async def close_client():
        pass

    with pytest.raises(ConfigurationError) as error:
        SnapshotHooks().before_snapshot(close_client)

    assert str(error.value) == (
        "@before_snapshot got test_an_asynchronous_hook_is_refused.<locals>.close_client, which is asynchronous; no "
        "event loop runs then, so use a synchronous function"
    )


def test_a_decorator_with_parentheses_is_refused():
    with pytest.raises(ConfigurationError, match="@after_restore got None, which is not a function; write"):
        SnapshotHooks().after_restore(None)
