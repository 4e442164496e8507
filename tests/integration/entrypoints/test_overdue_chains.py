"""A middleware constructor that hangs: requests are rejected in time, and health checks tell it."""

import json
import threading

import pytest

from tests.integration.entrypoints.launcher import connect, container

pytestmark = pytest.mark.profile_free

_SETTINGS = """
from webapp.settings import *

MIDDLEWARE = ["hanging.HangsAtTheSecondAttempt"]
"""
_MIDDLEWARE = """
import time

attempts = []


class HangsAtTheSecondAttempt:
    def __init__(self, get_response):
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError("refused at the start")
        time.sleep(1000)
"""


def ask(port, path):
    client = connect(port)
    client.request("GET", path, headers={"Host": "guestbook.example", "X-Forwarded-Proto": "https"})
    response = client.getresponse()
    body = response.read()
    client.close()
    return response.status, body


def test_a_hanging_constructor_rejects_requests_and_fails_readiness(tmp_path):
    (tmp_path / "hanging_settings.py").write_text(_SETTINGS)
    (tmp_path / "hanging.py").write_text(_MIDDLEWARE)
    statuses: list[int] = []
    variables = {
        "DJANGO_SETTINGS_MODULE": "hanging_settings",
        "PYTHONPATH": str(tmp_path),
        "WEBAPP_WORKERS": "1",
        "WEBAPP_THREADS": "1",
        "WEBAPP_MAX_WAITING": "2",
        "WEBAPP_MAX_WAIT_S": "1",
    }
    with container(tmp_path / "log", **variables) as (_, port):
        clients = [threading.Thread(target=lambda: statuses.append(ask(port, "/")[0])) for _ in range(10)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(120)
        ready, alive = ask(port, "/readyz"), ask(port, "/healthz")

    assert statuses == [503] * 10
    assert (ready[0], json.loads(ready[1])["reason"]) == (503, "MiddlewareOverdueError")
    assert alive[0] == 200
