import asyncio
import gc
import json
import logging
from threading import Event

import pytest
from asgiref.testing import ApplicationCommunicator

from django_runtimes.serving.health import HealthChecks


async def never_reached(scope, receive, send):
    raise AssertionError(f"{scope['path']} reached the application")


async def request(application, path, method="GET", headers=(), **more):
    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), **more}
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": b""})
    start = await communicator.receive_output(timeout=60)
    body = await communicator.receive_output(timeout=60)
    return start["status"], body["body"], dict(start["headers"])


def ready():
    return None


async def test_liveness_ignores_the_host():
    health = HealthChecks(check_readiness=ready, timeout_s=60).before(never_reached)

    status, body, headers = await request(health, "/healthz", headers=[(b"host", b"10.0.0.7")])

    assert (status, json.loads(body)) == (200, {"status": "ok"})
    assert headers[b"cache-control"] == b"no-store"


async def test_it_is_ready_when_the_check_passes():
    health = HealthChecks(check_readiness=ready, timeout_s=60).before(never_reached)

    assert (await request(health, "/readyz"))[:2] == (200, b'{"status": "ok"}')


async def test_a_failed_check_shows_only_the_errors_class():
    def refused():
        raise ConnectionRefusedError("password=hunter2 at db.internal")

    health = HealthChecks(check_readiness=refused, timeout_s=60).before(never_reached)

    status, body, _ = await request(health, "/readyz")

    assert (status, json.loads(body)) == (503, {"status": "unavailable", "reason": "ConnectionRefusedError"})


async def test_a_draining_server_is_live_but_not_ready():
    health = HealthChecks(check_readiness=ready, timeout_s=60).before(never_reached)
    draining = {"state": {"draining": True}}

    assert (await request(health, "/healthz", **draining))[0] == 200
    status, body, _ = await request(health, "/readyz", **draining)

    assert (status, json.loads(body)) == (503, {"status": "unavailable", "reason": "DrainingError"})


async def test_a_hanging_check_times_out_and_is_not_started_twice():
    started = []
    ends = Event()

    def hangs():
        started.append(1)
        ends.wait(60)

    health = HealthChecks(check_readiness=hangs, timeout_s=0.05).before(never_reached)

    first = await request(health, "/readyz")
    second = await request(health, "/readyz")
    ends.set()

    assert first[0] == second[0] == 503
    assert json.loads(second[1])["reason"] == "timeout"
    assert len(started) == 1


async def test_a_check_that_fails_after_its_timeout_is_ignored(caplog):
    # A captured log record would keep a reference to the check.
    caplog.set_level(logging.CRITICAL, logger="django_runtimes.serving.health")
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["message"]))
    fails = Event()

    def fails_late():
        fails.wait(60)
        raise ConnectionRefusedError("at last")

    checks = HealthChecks(check_readiness=fails_late, timeout_s=0.05)
    health = checks.before(never_reached)
    assert (await request(health, "/readyz"))[0] == 503

    fails.set()
    # Once a further call has run on the check's thread, the check has ended and notified the loop.
    await asyncio.wrap_future(checks._executor.submit(ready))
    # The next check drops the last reference to the late check.
    assert (await request(health, "/readyz"))[0] == 503
    gc.collect()

    assert reported == []


async def test_a_hanging_check_does_not_delay_liveness():
    ends = Event()
    health = HealthChecks(check_readiness=lambda: ends.wait(60), timeout_s=0.05).before(never_reached)
    await request(health, "/readyz")

    assert (await request(health, "/healthz"))[0] == 200
    assert not ends.is_set()
    ends.set()


async def test_head_has_no_body():
    health = HealthChecks(check_readiness=ready, timeout_s=60).before(never_reached)

    status, body, headers = await request(health, "/healthz", method="HEAD")

    assert (status, body) == (200, b"")
    assert headers[b"content-length"] == b"16"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_other_methods_are_not_allowed(path):
    health = HealthChecks(check_readiness=ready, timeout_s=60).before(never_reached)

    status, _, headers = await request(health, path, method="POST")

    assert status == 405
    assert headers[b"allow"] == b"GET, HEAD"


def test_the_synchronous_answer_equals_the_asynchronous_answer():
    def refused():
        raise ConnectionRefusedError("password=hunter2 at db.internal")

    checks = HealthChecks(check_readiness=refused, timeout_s=60)

    assert checks.answer("/healthz", "GET")["status"] == 200
    assert checks.answer("/healthz", "POST")["status"] == 405
    assert checks.answer("/readyz", "GET")["status"] == 503
    assert json.loads(checks.answer("/readyz", "GET")["body"])["reason"] == "ConnectionRefusedError"
    assert checks.answer("/elsewhere", "GET") is None


def test_the_sync_answer_times_out():
    ends = Event()
    checks = HealthChecks(check_readiness=lambda: ends.wait(60), timeout_s=0.05)

    assert json.loads(checks.answer("/readyz", "GET")["body"])["reason"] == "timeout"
    ends.set()


@pytest.mark.parametrize(("error", "expected"), [(None, 200), (RuntimeError("stuck"), 503)])
async def test_liveness_depends_only_on_its_check(error, expected):
    def check():
        if error is not None:
            raise error

    checks = HealthChecks(check_readiness=ready, timeout_s=60, check_liveness=check)

    status, body, _ = await request(checks.before(never_reached), "/healthz")

    assert status == checks.answer("/healthz", "GET")["status"] == expected
    assert b"stuck" not in body
