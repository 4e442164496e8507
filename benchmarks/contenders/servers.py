"""Starts the servers: ours as in the image, and the peers with the same workers, threads and pool."""

import contextlib
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from benchmarks.contenders.entry_points import launch_module
from benchmarks.contenders.peers import CHECKOUT
from benchmarks.contenders.testbed import Testbed
from django_runtimes.cli import processes
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.services.port import start_on_port
from django_runtimes.config.values.profile import PROFILES
from django_runtimes.config.values.runtime import Runtime

OURS = "ours"
UVICORN = "uvicorn, Django's handler"
UVICORN_WORKER = "gunicorn + uvicorn-worker, Django's handler"
GTHREAD = "gunicorn gthread"
GRANIAN = "granian WSGI"
SERVERS = (OURS, UVICORN, UVICORN_WORKER, GTHREAD, GRANIAN)

WORKERS = 2
# The container profile's number of threads, which users have by default.
THREADS = PROFILES[Runtime.AWS_ECS].threads

_START_TIMEOUT_S = 30.0
_REQUEST_TIMEOUT_S = 10.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

_ASGI = "benchmarks.application.asgi:application"
_WSGI = "benchmarks.application.wsgi:application"
# The options with which our launcher starts gunicorn.
_GUNICORN = ("-m", "gunicorn", "--workers", str(WORKERS), "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm")  # noqa: S108


def command(name: str, port: int, checkout: Path = CHECKOUT) -> list[str]:
    """Return the arguments of `python` for a server on 127.0.0.1; ours reads the port from its variables."""
    gunicorn = [*_GUNICORN, "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    workers = ["--workers", str(WORKERS)]
    return {
        OURS: ["-m", launch_module(checkout)],
        UVICORN: [
            *("-m", "uvicorn", _ASGI, *address, *workers, "--loop", "uvloop", "--http", "httptools"),
            *("--lifespan", "off", "--no-access-log", "--log-level", "warning"),
        ],
        UVICORN_WORKER: [*gunicorn, "--worker-class", "uvicorn_worker.UvicornWorker", _ASGI],
        GTHREAD: [*gunicorn, "--worker-class", "gthread", "--threads", str(THREADS), _WSGI],
        GRANIAN: [
            *("-m", "granian", "--interface", "wsgi", *address, *workers, "--blocking-threads", str(THREADS)),
            *("--no-access-log", "--log-level", "warning", _WSGI),
        ],
    }[name]


@dataclass(frozen=True)
class Server:
    """A running server, with its URL and the process ID of its session leader."""

    url: str
    leader: int

    def cpu_s(self) -> float:
        """Return the user and system CPU time of all its processes so far, including workers that have ended."""
        return sum(_cpu_ticks(stat, self.leader) for stat in Path("/proc").glob("[0-9]*/stat")) / _TICKS_PER_S


def _cpu_ticks(stat: Path, session: int) -> int:
    try:
        # The second field, the command, may contain spaces and parentheses, so the fields after it are split.
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        # The process has ended since it was listed, and its CPU time is added to its parent's.
        return 0
    return sum(map(int, fields[11:15])) if int(fields[3]) == session else 0


@contextmanager
def server(name: str, database: str, testbed: Testbed, *, workers: int = WORKERS) -> Iterator[Server]:
    """Start a server with the code of `testbed`; `workers` applies only to our server.

    Raise CompareError with the end of the log if the server does not answer within 30 s. Enter this in the main thread:
    the kernel stops the server when the thread that started it ends.
    """
    log = testbed.workspace / f"server-{SERVERS.index(name)}.log"
    address = ""
    processes_started: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> subprocess.Popen[bytes]:
        nonlocal address
        address = f"http://127.0.0.1:{port}"
        process = processes.spawn(
            [str(testbed.python), *command(name, port, testbed.checkout)],
            environ={
                **testbed.environ(database),
                "WEBAPP_RUNTIME": "aws_ecs",
                "WEBAPP_BIND_HOST": "127.0.0.1",
                "PORT": str(port),
                "WEBAPP_WORKERS": str(workers),
                "WEBAPP_DRAIN_S": "0",
            },
            log=log,
            # The servers stop their workers on SIGTERM; SIGKILL would leave them running.
            death_signal=SIGTERM,
            directory=testbed.checkout,
        )
        processes_started.append(process)
        return process

    try:
        start_on_port(
            start,
            lambda: answer(f"{address}/ping") is not None,
            name=name,
            wanted=None,
            log=log,
            timeout_s=_START_TIMEOUT_S,
        )
        yield Server(address, processes_started[-1].pid)
    finally:
        for process in processes_started:
            processes.stop(process)


def answer(url: str) -> bytes | None:
    """Request `url` as a load balancer does; return the body of a 200, or None for any other answer."""
    request = urllib.request.Request(url, headers=FORWARDED_HEADERS)  # noqa: S310  (a server of our own)
    with (
        contextlib.suppress(OSError, urllib.error.HTTPError),
        urllib.request.urlopen(request, timeout=_REQUEST_TIMEOUT_S) as response,  # noqa: S310
    ):
        body: bytes = response.read()
        return body
    return None
