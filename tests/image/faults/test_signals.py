"""Shutdown after SIGTERM."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from signal import SIGTERM

import psycopg
import pytest

from django_runtimes.databases.postgresql.administration.session_lock import LOCK_KEY
from tests.faults.figures.trials import Trial
from tests.image.containers import Container, container_environ, run_container
from tests.image.faults.application.views import STARTED
from tests.image.faults.parts.lambda_container import lambda_container
from tests.image.faults.parts.serving import ask, serving

_IN_FLIGHT = 10
# Long enough for a machine that stands still while the requests begin.
_REQUEST_MS = 10_000
_GRACE_S = 30.0
# A function with an internal extension gets 0.5 s from Lambda; this limit allows for a busy machine.
_LAMBDA_GRACE_S = 2.0
_PGAPPNAME = "case 28"


@pytest.mark.fault(26, "SIGTERM", "aws_ecs", has_durations=True)
def test_requests_in_flight_at_sigterm_are_answered(trial: Trial, image, database_url, tmp_path) -> None:
    with (
        trial.judged(least={"in_flight": _IN_FLIGHT, "answered": _IN_FLIGHT}, exit_code=0, exit_s=_GRACE_S),
        ExitStack() as stack,
        ThreadPoolExecutor(len(trial.repetitions) * (_IN_FLIGHT + 1)) as threads,
    ):
        # One worker may get all ten requests at once.
        threads_each = {"WEBAPP_THREADS": str(_IN_FLIGHT)}
        # The repetitions run at the same time, because they mostly wait.
        containers = [
            stack.enter_context(
                serving(image, database_url, tmp_path / f"{number}.log", workers=2, variables=threads_each)
            )
            for number in trial.repetitions
        ]
        for figures in threads.map(lambda container: _terminate_while_busy(container, threads), containers):
            trial.note(**figures)


@pytest.mark.fault(28, "PID 1", "aws_ecs", has_durations=True)
def test_the_server_as_pid_1_ends_in_time_without_orphans(trial: Trial, image, database_url, log) -> None:
    least = {"processes": 3, "reaped": 1}
    with trial.judged(least=least, shells=0, zombies=0, orphans=0, exit_code=0, exit_s=_GRACE_S):
        for _ in trial.repetitions:
            with serving(image, database_url, log, workers=2) as container:
                container.execute("python", "-c", _LEAVE_AN_ORPHAN)
                adopted = len(_processes_of(container))
                container.execute("touch", "/tmp/end")
                states = _states_without_zombies(container, adopted)
                processes = _processes_of(container)
                trial.note(
                    processes=len(processes),
                    shells=sum("sh" in Path("/proc", str(pid), "comm").read_text().split() for pid in processes),
                    zombies=states.count("Z"),
                    reaped=adopted - len(processes),
                )
                trial.note(**_terminate(container), orphans=_alive(processes))


@pytest.mark.fault(28, "PID 1", "operations", has_durations=True)
def test_a_command_as_pid_1_ends_in_time(trial: Trial, image, database_url, log) -> None:
    # An exit code above 128 means that a signal ended the process.
    with trial.judged(least={"exit_code": 129}, orphans=0, exit_s=_GRACE_S), psycopg.connect(database_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        for number in trial.repetitions:
            log_ = log.with_name(f"{number}.log")
            with run_container(image, container_environ(database_url), arguments=["migrate"], log=log_) as container:
                container.wait_for_log("waiting")
                processes = _processes_of(container)
                trial.note(**_terminate(container), orphans=_alive(processes))


@pytest.mark.fault(28, "PID 1", "aws_lambda", has_durations=True)
def test_the_lambda_client_as_pid_1_ends_in_time(trial: Trial, image, database_url, tmp_path) -> None:
    with trial.judged(least={"connections": 1}, orphans=0, exit_s=_LAMBDA_GRACE_S, connections_left=0):
        for number in trial.repetitions:
            log = tmp_path / f"{number}.log"
            variables = {"WEBAPP_DB_STRATEGY": "persistent", "PGAPPNAME": _PGAPPNAME}
            with lambda_container(image, database_url, log, variables=variables) as function:
                assert function.get("/api/entries")["statusCode"] == 200
                connections = _connections(database_url)
                processes = _processes_of(function.container)
                ended = _terminate(function.container)
                trial.note(
                    connections=connections,
                    exit_s=ended["exit_s"],
                    orphans=_alive(processes),
                    connections_left=_connections_left(database_url),
                )


_LEAVE_AN_ORPHAN = """
import os, time
if os.fork() == 0:
    os.setsid()
    for output in (0, 1, 2):
        os.close(output)
    while not os.path.exists("/tmp/end"):
        time.sleep(0.05)
    os._exit(0)
"""
_STATES = """
import pathlib
for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
    print(status.read_text().rpartition(")")[2].split()[0])
"""


def _terminate_while_busy(container: Container, threads: ThreadPoolExecutor) -> dict[str, float]:
    requests = [threads.submit(ask, container.url, f"/faults/sleep/{_REQUEST_MS}") for _ in range(_IN_FLIGHT)]
    deadline = time.monotonic() + _REQUEST_MS / 1000
    while container.logs().count(STARTED) < _IN_FLIGHT and time.monotonic() < deadline:
        time.sleep(0.01)
    in_flight = min(container.logs().count(STARTED), sum(not request.done() for request in requests))
    ended = _terminate(container)
    return {"in_flight": in_flight, "answered": sum(request.result()[0] == 200 for request in requests), **ended}


def _terminate(container: Container) -> dict[str, float]:
    """Send SIGTERM, and return the exit code and the seconds until the first process ended."""
    pid = container.pid
    started_s = time.monotonic()
    os.kill(pid, SIGTERM)
    while _alive([pid]) and time.monotonic() < started_s + 2 * _GRACE_S:
        time.sleep(0.01)
    exit_s = time.monotonic() - started_s
    return {"exit_code": container.wait(), "exit_s": exit_s}


def _processes_of(container: Container) -> list[int]:
    """Return the IDs on this machine of all processes in the container's PID namespace."""
    namespace = Path("/proc", str(container.pid), "ns/pid").readlink()
    return [pid for pid in _pids() if _namespace_of(pid) == namespace]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _namespace_of(pid: int) -> Path | None:
    try:
        return Path("/proc", str(pid), "ns/pid").readlink()
    except OSError:
        # The process has ended since it was listed.
        return None


def _alive(processes: list[int]) -> int:
    return sum(_namespace_of(pid) is not None for pid in processes)


def _connections(database_url: str) -> int:
    """Return the number of the function's connections to the database."""
    with psycopg.connect(database_url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        row = connection.execute(query, [_PGAPPNAME]).fetchone()
    assert row is not None
    return int(row[0])


def _connections_left(database_url: str) -> int:
    """Return the number of connections that stay: a backend ends shortly after its client."""
    deadline = time.monotonic() + 60
    while (left := _connections(database_url)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _states_without_zombies(container: Container, adopted: int) -> list[str]:
    """Return the states of the container's processes once the orphan has been reaped, or after a minute."""
    deadline = time.monotonic() + 60
    while True:
        states = container.execute("python", "-c", _STATES).split()
        is_reaped = len(_processes_of(container)) < adopted and "Z" not in states
        if is_reaped or time.monotonic() > deadline:
            return states
