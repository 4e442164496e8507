"""Server processes share no connections, and leak none."""

import asyncio
import json
import sys
from collections import defaultdict
from pathlib import Path

from django_runtimes.cli import processes
from tests.faults.application.names import ASK_AT_START, ASKED_AT_START
from tests.faults.figures.load import Client
from tests.faults.figures.replies import Reply, failures, longest_s
from tests.faults.figures.trials import RATE_BESIDE_OTHER_REQUESTS_RPS, Trial, fault
from tests.faults.parts.databases import a_database, administration, backends, end_backends, log_of
from tests.faults.parts.system import CONTAINER, CONTAINER_PERSISTENT, POOL_MAX, WORKERS, serving
from tests.faults.waiting import until_ended

_AT_ONCE = 32
_ROUNDS = 10
_REQUESTS = 1_000
# Exit codes of a start; any other one is none of these.
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
async def test_a_query_before_the_fork_gives_no_connection_to_two_processes(trial: Trial, tmp_path) -> None:
    variables = {"GUNICORN_CMD_ARGS": "--preload", ASK_AT_START: "1"}
    limits = {
        "shared_backends": 0,
        "miscounted_processes": 0,
        "errors": 0,
        "latency_s": 5.0,
        # The master keeps the one that it has asked on, and the one that psycopg's pool makes beside it for whoever
        # asks before the first is there.
        "backends": WORKERS * POOL_MAX + 2,
    }
    with trial.judged(least={"answers": _ROUNDS * _AT_ONCE // 2}, **limits):
        for _ in trial.repetitions:
            # Each repetition has a server of its own: what is asked happens at its start.
            with a_database() as database:
                async with serving(trial.target, database, tmp_path, variables=variables) as system:
                    replies = []
                    async with trial.repetition(system) as load:
                        for _ in range(_ROUNDS):
                            # Connections of its own each time, for another of the workers to take.
                            async with Client(system.url, hidden=system.hidden) as client:
                                await asyncio.gather(*(client.read("/faults/identity/") for _ in range(_AT_ONCE)))
                            replies += client.replies
            users = _users_of_backends(replies, json.loads((tmp_path / ASKED_AT_START).read_text()))
            replies += load.replies
            trial.note(
                shared_backends=sum(len(sharing) > 1 for sharing in users.values()),
                answers=sum(reply.succeeded for reply in replies),
                # The workers, and the master, which has asked: a worker would have asked for itself alone.
                miscounted_processes=abs(WORKERS + 1 - len(set().union(*users.values()))),
                errors=len(failures(replies)),
                latency_s=longest_s(replies),
            )


@fault(31, "ASGI leak", CONTAINER_PERSISTENT, short=[CONTAINER_PERSISTENT])
async def test_persistent_connections_do_not_leak_and_are_refused_where_they_would(trial: Trial, tmp_path) -> None:
    # A thread of each keeps its own, and each asynchronous view that ran at once has a thread.
    limits = {"backends": WORKERS * POOL_MAX, "backends_after_async_views": WORKERS * POOL_MAX + _AT_ONCE, "errors": 0}
    # A system check does not know which handler serves: the handler's construction refuses, and what it refuses
    # serves without CONN_MAX_AGE.
    least = {"refused_at_construction": 1, "serves_without_age": 1, "kept": 1, "answers": 2 * _REQUESTS}
    with trial.judged(least=least, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
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
                    # So that the next repetition counts its own, too.
                    kept=await end_backends(database),
                    refused_at_construction=await _start(system.environ, log) == _REFUSED_AT_CONSTRUCTION,
                    answers=sum(reply.succeeded for reply in replies),
                    errors=len(failures([*load.replies, *replies])),
                )


async def _read_often(client: Client, path: str) -> None:
    for _ in range(_REQUESTS // _AT_ONCE + 1):
        await asyncio.gather(*(client.read(path) for _ in range(_AT_ONCE)))


def _users_of_backends(replies: list[Reply], at_start: dict[str, int]) -> dict[int, set[int]]:
    """The processes that were served by each backend."""
    users: defaultdict[int, set[int]] = defaultdict(set)
    for identity in (at_start, *(json.loads(reply.body) for reply in replies if reply.succeeded)):
        users[identity["backend"]].add(identity["process"])
    return users


async def _start(environ: dict[str, str], log: Path) -> int:
    """How a server's start goes that makes Django's own handler: the exit code."""
    process = processes.spawn([sys.executable, "-c", _START], environ=environ, log=log)
    try:
        await until_ended(process)
    finally:
        processes.stop(process)
    assert process.returncode in (_SERVES, _REFUSED_BY_CHECK, _REFUSED_AT_CONSTRUCTION), processes.cause(log)
    return process.returncode
