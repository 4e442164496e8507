"""A transaction that hangs, and a query that does not end."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from tests.faults.application.names import STOPPED
from tests.faults.figures.load import Client, new_key
from tests.faults.figures.process_state import is_stopped
from tests.faults.figures.replies import failures
from tests.faults.figures.trials import Trial, fault
from tests.faults.parts.databases import (
    a_database,
    administration,
    backend_processes,
    backends,
    until_no_transaction_is_idle,
    written,
)
from tests.faults.parts.system import CONTAINER, LAMBDA, serving
from tests.faults.waiting import until


@fault(13, "stuck transaction", CONTAINER, LAMBDA)
async def test_a_hanging_transaction_is_ended_and_not_acknowledged(trial: Trial, tmp_path) -> None:
    limits = {"ended_after_s": 6.0, "acknowledged": 0, "rows": 0}
    with trial.judged(least={"stuck": 1}, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await asyncio.sleep(0.5)
                    key = new_key()
                    stuck = asyncio.create_task(load.write(key, "/faults/stop/"))
                    process = await _stopped_process(tmp_path / STOPPED)
                    stopped_s = time.monotonic()
                    try:
                        async with administration(database) as connection:
                            trial.note(stuck=await backends(connection, state="idle in transaction"))
                        ended_s = await until_no_transaction_is_idle(database)
                    finally:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(process, signal.SIGCONT)
                    reply = await stuck
                    await asyncio.sleep(1.0)
                trial.note(
                    ended_after_s=ended_s - stopped_s,
                    acknowledged=reply.status == 201,
                    rows=len(await written(database, [key])),
                    other_errors=len(failures(load.replies)) - reply.failed,
                )


@fault(14, "slow query", CONTAINER, LAMBDA)
async def test_an_endless_query_gives_a_504_and_keeps_its_connection(trial: Trial, tmp_path) -> None:
    limits = {"latency_s": 10.0, "other_than_504": 0, "connections_lost": 0, "errors": 0}
    with trial.judged(least={"connections_kept": 1}, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await asyncio.sleep(1.0)
                async with Client(system.url, hidden=system.hidden) as client:
                    before = await backend_processes(database)
                    slow = await client.read("/faults/sleep/60/")
                    later = [await client.read() for _ in range(10)]
                    after = await backend_processes(database)
                trial.note(
                    latency_s=slow.latency_s,
                    other_than_504=slow.status != 504 or slow.retry_after is None,
                    connections_kept=len(before & after),
                    connections_lost=len(before - after),
                    errors=len(failures([*load.replies, *later])),
                )


async def _stopped_process(file: Path) -> int:
    """Wait until the process whose ID the file holds is stopped; remove the file and return the ID."""

    async def is_waiting() -> bool:
        return _content(file) != "" and is_stopped(int(_content(file)))

    await until(is_waiting)
    process = int(_content(file))
    _remove(file)
    return process


def _remove(file: Path) -> None:
    file.unlink()


def _content(file: Path) -> str:
    return file.read_text() if file.exists() else ""
