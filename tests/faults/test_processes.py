"""Server processes share no connections, and leak none."""

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.faults.application.names import ASK_AT_START, ASKED_AT_START
from tests.faults.databases import a_database, administration, backends, end_backends, log_of
from tests.faults.load import Client
from tests.faults.replies import Reply, failures, longest_s
from tests.faults.system import CONTAINER, CONTAINER_PERSISTENT, POOL_MAX, WORKERS, serving
from tests.faults.trials import Trial, fault
from tests.faults.waiting import until_ended
from webapp.compare import processes

_AT_ONCE = 32
_REQUESTS = 1_000


@fault(30, "preload + pool", CONTAINER, short=[CONTAINER])
async def test_a_query_before_the_fork_gives_no_connection_to_two_processes(trial: Trial, tmp_path) -> None:
    variables = {"GUNICORN_CMD_ARGS": "--preload", ASK_AT_START: "1"}
    with trial.judged(shared_backends=0, missing_processes=0, errors=0, latency_s=5.0):
        for _ in trial.repetitions:
            # Each repetition has a server of its own: what is asked happens at its start.
            with a_database() as database:
                async with serving(trial.target, database, tmp_path, variables=variables) as system:
                    replies = []
                    async with trial.repetition(system) as load:
                        for _ in range(10):
                            # Connections of its own each time, for another of the workers to take.
                            async with Client(system.url, hidden=system.hidden) as client:
                                await asyncio.gather(*(client.read("/faults/identity/") for _ in range(_AT_ONCE)))
                            replies += client.replies
            users = _users_of_backends(replies, json.loads((tmp_path / ASKED_AT_START).read_text()))
            replies += load.replies
            trial.note(
                shared_backends=sum(len(sharing) > 1 for sharing in users.values()),
                missing_processes=WORKERS + 1 - len(set().union(*users.values())),
                errors=len(failures(replies)),
                latency_s=longest_s(replies),
            )


@fault(31, "ASGI leak", CONTAINER_PERSISTENT, short=[CONTAINER_PERSISTENT])
async def test_persistent_connections_do_not_leak_and_are_refused_where_they_would(trial: Trial, tmp_path) -> None:
    # A thread of each keeps its own, and each asynchronous view that ran at once has a thread.
    limits = {"backends": WORKERS * POOL_MAX, "backends_after_async_views": WORKERS * POOL_MAX + _AT_ONCE}
    with trial.judged(accepted_by_stock_handler=0, errors=0, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
            refusal = log_of(system.logs, "stock")
            for _ in trial.repetitions:
                async with (
                    trial.repetition(system, rate_rps=10) as load,
                    Client(system.url, hidden=system.hidden) as client,
                ):
                    await _read_often(client, "/api/entries")
                async with Client(system.url, hidden=system.hidden) as asynchronous:
                    await _read_often(asynchronous, "/api/statistics")
                async with administration(database) as connection:
                    trial.note(backends_after_async_views=await backends(connection))
                # So that the next repetition counts its own.
                await end_backends(database)
                trial.note(
                    accepted_by_stock_handler=await _starts("tests.faults.application.stock", system.environ, refusal),
                    errors=len(failures([*load.replies, *client.replies, *asynchronous.replies])),
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


async def _starts(module: str, environ: dict[str, str], log: Path) -> bool:
    """Whether a server would get through importing its application; False when it is refused for CONN_MAX_AGE."""
    process: subprocess.Popen[bytes] = processes.spawn(
        [sys.executable, "-c", f"import django; django.setup(); import {module}"], environ=environ, log=log
    )
    try:
        await until_ended(process)
    finally:
        processes.stop(process)
    if process.returncode != 0:
        assert "CONN_MAX_AGE is set for default" in processes.cause(log)
    return process.returncode == 0
