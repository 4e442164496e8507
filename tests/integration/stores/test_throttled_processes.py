"""A limit is exact among 8 processes; they count as fast as they can."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.ministack import ACCESS_KEY, REGION

pytestmark = pytest.mark.profile_free

PROCESSES, ATTEMPTS, LIMIT = 8, 50, 150
# The window of 31 days does not end during the test.
SOURCE = f"""
import sys, django
django.setup()
from django.http import HttpResponse
from django.test import RequestFactory
from django_runtimes import throttle
view = throttle("{LIMIT}/31d", name="processes")(lambda request: HttpResponse())
print("ready", flush=True)
sys.stdin.readline()
statuses = [view(RequestFactory().get("/")).status_code for _ in range({ATTEMPTS})]
print(statuses.count(200), statuses.count(429), flush=True)
"""


@contextmanager
def started(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SOURCE]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_8_processes_serve_exactly_as_many_requests_as_the_limit(store):
    environ = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_RUNTIME": "local",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
        "WEBAPP_STORE_URL": os.environ["WEBAPP_STORE_URL"],
        "AWS_ENDPOINT_URL_DYNAMODB": store.url,
        "AWS_REGION": REGION,
        # On a busy machine the emulator answers later than DynamoDB.
        "WEBAPP_THROTTLE_TIMEOUT_MS": "10000",
        **ACCESS_KEY,
    }
    with ExitStack() as stack:
        processes = [stack.enter_context(started(environ)) for _ in range(PROCESSES)]
        assert {process.stdout.readline() for process in processes} == {"ready\n"}
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        counts = [tuple(map(int, process.stdout.readline().split())) for process in processes]

    assert sum(served for served, _ in counts) == LIMIT
    assert sum(refused for _, refused in counts) == PROCESSES * ATTEMPTS - LIMIT
