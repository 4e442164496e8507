"""What a process of the guestbook holds when Lambda takes its snapshot, and what a restored one does first."""

import json
import os
import subprocess
import sys

import pytest

from tests.integration.entrypoints.launcher import REQUIRED

pytestmark = pytest.mark.profile_free

_USED = """
import asyncio, json, os, random, socket, sys, threading, uuid
from concurrent.futures import ThreadPoolExecutor
import django_runtimes
order = []
from django_runtimes import get_lambda_handler
handler = get_lambda_handler()
django_runtimes.before_snapshot(lambda: order.append(["before", connection.connection is not None]))
django_runtimes.after_restore(lambda: order.append(["after", os.environ.get("_X_AMZN_TRACE_ID")]))
from django.core.cache import cache
from django.db import connection
executor = ThreadPoolExecutor(2)
executor.submit(lambda: connection.ensure_connection()).result()
connection.ensure_connection()
cache.set("visitor", "1")
handler._responses.loop.get()
os.environ["_X_AMZN_TRACE_ID"] = "Root=1-old"
random.seed(7); expected = random.random(); random.seed(7)
from awslambdaric.lambda_runtime_hooks_runner import run_after_restore, run_before_snapshot
def sockets():
    targets = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
    return sum("/socket:" in target for target in targets)
def threads():
    return len(os.listdir("/proc/self/task"))
used = [sockets() > 0, threads()]
run_before_snapshot()
node = uuid.getnode()
found = {"used": used, "sockets": sockets(), "threads": threads(), "visitor": cache.get("visitor")}
run_after_restore()
found |= {
    "order": order,
    "repeats": random.random() == expected,
    "same_node": uuid.getnode() == node,
    "executor": executor.submit(lambda: "works").result(),
    "answer": handler.warm("/api/entries", "guestbook.example"),
    "rest": threads(),
}
print(json.dumps(found))
"""


def run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        **REQUIRED,
        "WEBAPP_RUNTIME": "aws_lambda",
        "WEBAPP_DB_ROUTE": "direct",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "WEBAPP_SNAPSHOT_PATHS": "/healthz",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("strategy", ["per_request", "pool"])
def test_a_snapshot_holds_no_socket_thread_or_cached_value(strategy, database_server):
    address = database_server.url("postgres")
    ended = run(_USED, DATABASE_URL=address, WEBAPP_DB_STRATEGY=strategy)

    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found["used"][0] is True
    assert found["used"][1] > 1
    assert found["sockets"] == 0
    assert found["threads"] == 1
    assert found["visitor"] is None
    assert found["order"] == [["before", True], ["after", None]]
    assert (found["repeats"], found["same_node"], found["executor"]) == (False, False, "works")


def test_the_named_pages_are_requested_before_the_snapshot():
    ended = run(
        "import django_runtimes; django_runtimes.get_lambda_handler()",
        WEBAPP_SNAPSHOT_PATHS="/healthz,/readyz",
    )

    assert ended.returncode == 0, ended.stderr
    assert (
        "The page /readyz answered 503 before the snapshot, so restored environments load it at its first request; "
        "correct WEBAPP_SNAPSHOT_PATHS, or see the error above" in ended.stderr + ended.stdout
    )
    assert "/healthz answered" not in ended.stderr + ended.stdout


def test_a_path_without_a_slash_is_refused():
    ended = run("import django_runtimes; django_runtimes.get_lambda_handler()", WEBAPP_SNAPSHOT_PATHS="api/entries")

    assert "WEBAPP_SNAPSHOT_PATHS" in ended.stderr
    assert "does not begin with a slash; write the page's path, such as /entries" in ended.stderr


def test_a_process_without_a_snapshot_registers_nothing():
    program = "import django_runtimes, snapshot_restore_py as s; django_runtimes.get_lambda_handler(); "
    program += "print(len(s.get_before_snapshot()) + len(s.get_after_restore()))"

    ended = run(program, AWS_LAMBDA_INITIALIZATION_TYPE="on-demand")

    assert ended.stdout.splitlines()[-1] == "0", ended.stderr
