"""Server processes neither share nor leak connections."""

import asyncio
import json
import sys
from collections import defaultdict
from pathlib import Path

from django_runtimes.cli import processes
from tests.faults.application.names import BACKEND_AT_START, QUERY_AT_START
from tests.faults.figures.load import Client
from tests.faults.figures.replies import Reply, failures, longest_s
from tests.faults.figures.trials import RATE_BESIDE_OTHER_REQUESTS_RPS, Trial, fault
from tests.faults.parts.databases import a_database, administration, backends, end_backends, log_of
from tests.faults.parts.system import CONTAINER, CONTAINER_PERSISTENT, POOL_MAX, WORKERS, serving
from tests.faults.waiting import until_ended

_AT_ONCE = 32
_ROUNDS = 10
_REQUESTS = 1_000
# Exit codes of the start script.
_SERVES, _REFUSED_BY_CHECK, _REFUSED_AT_CONSTRUCTION = 0, 3, 4
_START = f"""
import sys
import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
django.setup()
try:
    call_command("check")
except SystemCheckError:
    sys.exit({_REFUSED_BY_CHECK})
try:
    import tests.faults.application.stock
except ImproperlyConfigured as error:
    sys.exit({_REFUSED_AT_CONSTRUCTION} if "CONN_MAX_AGE is set for default" in str(error) else 1)
"""


@fault(30, "preload + pool", CONTAINER, short=[CONTAINER])
async def test_a_query_before_the_fork_shares_no_connection(trial: Trial, tmp_path) -> None:
    variables = {**trial.patience, "GUNICORN_CMD_ARGS": "--preload", QUERY_AT_START: "1"}
    limits = {
        "shared_backends": 0,
        "miscounted_processes": 0,
        "errors": 0,
        "latency_s": 5.0,
        # The master keeps the connection of its query, and one more that psycopg's pool opens for a client that asks
        # before the first is ready.
        "backends": WORKERS * POOL_MAX + 2,
    }
    with trial.judged(least={"answers": _ROUNDS * _AT_ONCE // 2}, **limits):
        for _ in trial.repetitions:
            # Each repetition needs its own server, because the query runs at the start.
            with a_database() as database:
                async with serving(trial.target, database, tmp_path, variables=variables) as system:
                    replies = []
                    async with trial.repetition(system) as load:
                        for _ in range(_ROUNDS):
                            # Open new connections each time, so that other workers accept them.
                            async with Client(system.url, hidden=system.hidden) as client:
                                await asyncio.gather(*(client.read("/faults/identity/") for _ in range(_AT_ONCE)))
                            replies += client.replies
            users = _users_of_backends(replies, json.loads((tmp_path / BACKEND_AT_START).read_text()))
            replies += load.replies
            trial.note(
                shared_backends=sum(len(sharing) > 1 for sharing in users.values()),
                answers=sum(reply.succeeded for reply in replies),
                # These are the workers and the master, which ran the query; without --preload every worker runs it.
                miscounted_processes=abs(WORKERS + 1 - len(set().union(*users.values()))),
                errors=len(failures(replies)),
                latency_s=longest_s(replies),
            )


@fault(31, "ASGI leak", CONTAINER_PERSISTENT, short=[CONTAINER_PERSISTENT])
async def test_persistent_connections_either_do_not_leak_or_are_refused(trial: Trial, tmp_path) -> None:
    # Each thread of a worker keeps a connection, and each concurrent asynchronous view has its own thread.
    limits = {"backends": WORKERS * POOL_MAX, "backends_after_async_views": WORKERS * POOL_MAX + _AT_ONCE, "errors": 0}
    # A system check cannot tell which handler serves, so constructing the handler raises the error. Without
    # CONN_MAX_AGE the same handler serves.
    least = {"refused_at_construction": 1, "serves_without_age": 1, "kept": 1, "answers": 2 * _REQUESTS}
    with trial.judged(least=least, **limits), a_database() as database:
        # There are more clients than threads, so a worker that stands still for 5 s would refuse those that wait.
        patience = {**trial.patience, "WEBAPP_MAX_WAIT_S": "60"}
        async with serving(trial.target, database, tmp_path, variables=patience) as system:
            log = log_of(system.logs, "stock")
            without_age = {**system.environ, "WEBAPP_DB_STRATEGY": "per_request"}
            trial.note(serves_without_age=await _start(without_age, log) == _SERVES)
            for _ in trial.repetitions:
                async with (
                    trial.repetition(system, rate_rps=RATE_BESIDE_OTHER_REQUESTS_RPS) as load,
                    Client(system.url, hidden=system.hidden) as client,
                ):
                    await _read_often(client, "/api/entries")
                async with Client(system.url, hidden=system.hidden) as asynchronous:
                    await _read_often(asynchronous, "/api/statistics")
                async with administration(database) as connection:
                    trial.note(backends_after_async_views=await backends(connection))
                replies = [*client.replies, *asynchronous.replies]
                await trial.check_writes(system, replies)
                trial.note(
                    # The next repetition must count only its own connections.
                    kept=await end_backends(database),
                    refused_at_construction=await _start(system.environ, log) == _REFUSED_AT_CONSTRUCTION,
                    answers=sum(reply.succeeded for reply in replies),
                    errors=len(failures([*load.replies, *replies])),
                )


async def _read_often(client: Client, path: str) -> None:
    for _ in range(_REQUESTS // _AT_ONCE + 1):
        await asyncio.gather(*(client.read(path) for _ in range(_AT_ONCE)))


def _users_of_backends(replies: list[Reply], at_start: dict[str, int]) -> dict[int, set[int]]:
    """Return the processes that used each backend."""
    users: defaultdict[int, set[int]] = defaultdict(set)
    for identity in (at_start, *(json.loads(reply.body) for reply in replies if reply.succeeded)):
        users[identity["backend"]].add(identity["process"])
    return users


async def _start(environ: dict[str, str], log: Path) -> int:
    """Start a server with Django's own handler, and return its exit code."""
    process = processes.spawn([sys.executable, "-c", _START], environ=environ, log=log)
    try:
        await until_ended(process)
    finally:
        processes.stop(process)
    assert process.returncode in (_SERVES, _REFUSED_BY_CHECK, _REFUSED_AT_CONSTRUCTION), processes.cause(log)
    return process.returncode
