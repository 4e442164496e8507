"""Hooks around the snapshot of SnapStart, and what the loop sends to the Runtime API."""

import json

import pytest
import snapshot_restore_py

from tests.integration.serving.runtime_loop.scripted_api import ACCEPTED, next_answer

pytestmark = pytest.mark.profile_free
RESTORED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def registries(monkeypatch):
    """An environment of type SnapStart without hooks."""
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    monkeypatch.setattr(snapshot_restore_py, "_before_snapshot_registry", [])
    monkeypatch.setattr(snapshot_restore_py, "_after_restore_registry", [])


def failing():
    raise OSError("no lease")


def test_hooks_run_around_the_request_for_the_snapshot(run_loop):
    order = []
    snapshot_restore_py.register_before_snapshot(order.append, "before 1")
    snapshot_restore_py.register_before_snapshot(order.append, "before 2")
    snapshot_restore_py.register_after_restore(order.append, "after 1")
    snapshot_restore_py.register_after_restore(order.append, "after 2")

    ended = run_loop([RESTORED, next_answer(), ACCEPTED], handler=lambda event, context: order.append("served"))

    assert order == ["before 2", "before 1", "after 1", "after 2", "served"]
    assert ended.requests[0].startswith(b"GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n")
    # Restored environments share no connection.
    assert ended.connections == [1, 2, 2]


def test_a_hook_that_fails_before_the_snapshot_fails_the_init_phase(run_loop):
    snapshot_restore_py.register_before_snapshot(failing)
    ended = run_loop([ACCEPTED], handler=lambda event, context: None)

    [request] = ended.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert ended.exit_code == 64
    assert head.startswith(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\n")
    assert b"\r\nLambda-Runtime-Function-Error-Type: Runtime.BeforeSnapshotError" in head
    assert (json.loads(body)["errorType"], json.loads(body)["errorMessage"]) == ("OSError", "no lease")


def test_a_hook_that_fails_after_a_restore_fails_the_restore(run_loop):
    snapshot_restore_py.register_after_restore(failing)
    ended = run_loop([RESTORED, ACCEPTED], handler=lambda event, context: None)

    head, _, body = ended.requests[1].partition(b"\r\n\r\n")
    assert ended.exit_code == 65
    assert head.startswith(b"POST /2018-06-01/runtime/restore/error HTTP/1.1\r\n")
    assert b"\r\nLambda-Runtime-Function-Error-Type: Runtime.AfterRestoreError" in head
    assert json.loads(body)["errorMessage"] == "no lease"
