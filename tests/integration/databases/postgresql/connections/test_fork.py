"""Processes that fork after a query share no connection with their children."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections import Counter

import pytest

from django_runtimes.cli import ports, processes
from django_runtimes.compare.emulator.runtime_api import RuntimeApi, RuntimeFailure, RuntimeInvocation
from tests.listening import listening
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

# This program queries, forks children that query and shut Python down completely, and queries again.
FORKING = """
import json, os, sys
import django
django.setup()
from django.db import connection, transaction, OperationalError, ProgrammingError

def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

def in_child(work):
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, json.dumps(work()).encode())
        connection.close()
        sys.exit()
    os.close(writing)
    os.wait()
    return json.loads(os.read(reading, 1000))

before = pid()
children = [in_child(pid) for _ in range(3)]
after = pid()

def inside():
    try:
        return pid()
    except ProgrammingError as error:
        return str(error)

with transaction.atomic():
    pid()
    in_transaction = in_child(inside)
    still = pid()
connection.close()
print(json.dumps({
    "before": before, "children": children, "after": after, "in transaction": in_transaction, "still": still,
}))
"""

# An application for gunicorn to preload: it queries at import, and responds with each worker's backend.
PRELOADED = """
import os
import django
django.setup()
from django.db import connection

def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

MASTER = pid()

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    body = f"{MASTER} {pid()} {os.getpid()}"
    connection.close()
    return [body.encode()]
"""

# The handler for awslambdaric's processes, which fork after they import it.
HANDLER = """
import os
import django
django.setup()
from django.db import connection

def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

MASTER = pid()

def handler(event, context):
    return {"master": MASTER, "backend": pid(), "process": os.getpid()}
"""

STRATEGIES = pytest.mark.parametrize("strategy", ["per_request", "persistent", "pool"])


@pytest.fixture
def environ(database_server, tmp_path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_RUNTIME": "aws_ecs",
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "WEBAPP_LOG_LEVEL": "warning",
        "DATABASE_URL": database_server.url("postgres"),
    }


@STRATEGIES
def test_a_forked_child_opens_its_own_connection(environ, strategy):
    process = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-W", "ignore:This process:DeprecationWarning", "-c", FORKING],
        env=environ | {"WEBAPP_DB_STRATEGY": strategy},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert (process.returncode, process.stderr) == (0, "")
    pids = json.loads(process.stdout)
    # The parent keeps its backend: no child has terminated the connection.
    assert pids["before"] == pids["after"] == pids["still"]
    assert len({pids["before"], *pids["children"]}) == 4
    assert "atomic block" in pids["in transaction"]


@STRATEGIES
def test_gunicorns_workers_share_no_connection_with_the_master(environ, strategy, tmp_path):
    (tmp_path / "preloaded.py").write_text(PRELOADED)
    port = ports.free_port()
    log = tmp_path / "gunicorn.log"
    command = [
        *(sys.executable, "-m", "gunicorn", "preloaded:application", "--preload", "--no-control-socket"),
        *("--workers", "3", "--bind", f"127.0.0.1:{port}"),
    ]
    with listening(command, port, environ=environ | {"WEBAPP_DB_STRATEGY": strategy}, log=log):
        answers = ask_until(lambda: ask(port), processes_wanted=3)

    masters = {master for master, _, _ in answers}
    backends = {backend for _, backend, _ in answers}
    assert len(masters) == 1
    assert masters.isdisjoint(backends)
    assert not {(a, b) for _, a, first in answers for _, b, second in answers if a == b and first != second}
    assert "Traceback" not in log.read_text()


def ask(port: int) -> tuple[int, int, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=120) as response:
        master, backend, process = response.read().split()
    return int(master), int(backend), int(process)


def ask_until(answer, *, processes_wanted: int) -> list[tuple[int, int, int]]:
    """Collect answers until each of the wanted processes has given two, or until there are a hundred."""
    answers = []
    for _ in range(100):
        answers.append(answer())
        counts = Counter(process for _, _, process in answers)
        if len(counts) == processes_wanted and min(counts.values()) > 1:
            break
    return answers


class ConcurrentInvocations:
    """Gives two processes an invocation each once both have asked, until each has answered two."""

    def __init__(self) -> None:
        self.answers: list[dict] = []
        self.failure: RuntimeFailure | None = None
        self.done = asyncio.Event()
        self._both = asyncio.Barrier(2)

    async def next_invocation(self) -> RuntimeInvocation:
        if self.done.is_set():
            await asyncio.Event().wait()
        await self._both.wait()
        deadline_ms = int(time.time() * 1000) + 300_000
        return RuntimeInvocation(str(uuid.uuid4()), b"{}", deadline_ms, "arn:aws:lambda:::function:f", "Root=1")

    def respond(self, request_id: str, payload: bytes) -> bool:
        self.answers.append(json.loads(payload))
        counts = Counter(answer["process"] for answer in self.answers)
        if len(counts) == 2 and min(counts.values()) > 1:
            self.done.set()
        return True

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        self.fail_init(failure)
        return True

    def fail_init(self, failure: RuntimeFailure) -> None:
        self.failure = failure
        self.done.set()


@STRATEGIES
async def test_awslambdarics_processes_share_no_connection(environ, strategy, tmp_path):
    (tmp_path / "function_of_test.py").write_text(HANDLER)
    invocations = ConcurrentInvocations()
    runtime_api = RuntimeApi(invocations)
    await runtime_api.serve()
    log = tmp_path / "function.log"
    # Importing the handler before the fork is the worst case.
    source = "import function_of_test, awslambdaric.__main__ as ric; ric.main(['ric', 'function_of_test.handler'])"
    runtime = processes.spawn(
        [sys.executable, "-c", source],
        environ=environ
        | {
            "WEBAPP_DB_STRATEGY": strategy,
            "AWS_LAMBDA_MAX_CONCURRENCY": "2",
            "AWS_LAMBDA_RUNTIME_API": runtime_api.address,
        },
        log=log,
    )
    try:
        await asyncio.wait_for(invocations.done.wait(), 120)
    finally:
        processes.stop(runtime)
        await runtime_api.close()

    assert invocations.failure is None, log.read_text()
    masters = {answer["master"] for answer in invocations.answers}
    backends = {(answer["process"], answer["backend"]) for answer in invocations.answers}
    assert len(masters) == 1
    assert masters.isdisjoint(backend for _, backend in backends)
    # Each of the two processes has a backend of its own.
    assert len(backends) == len({process for process, _ in backends}) == len({backend for _, backend in backends}) == 2
