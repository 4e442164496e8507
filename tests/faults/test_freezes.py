"""Connections of execution environments that are frozen, thawed or killed."""

import asyncio
import json
import time

from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.faults.figures.load import Client
from tests.faults.figures.process_state import is_frozen
from tests.faults.figures.replies import failures, longest_s
from tests.faults.figures.trials import Trial, fault
from tests.faults.parts.databases import (
    a_database,
    administration,
    backends,
    end_backends,
    until_no_transaction_is_idle,
)
from tests.faults.parts.namespaces import own_network
from tests.faults.parts.system import LAMBDA, LAMBDA_PERSISTENT, LAMBDA_POOL, System, serving
from tests.faults.waiting import until

_FREEZES_S = (0.5, 6.0)
_KILLED_AT_ONCE = 20
_KILLED = 100
_HOLD_S = 25


@fault(16, "freeze, backends killed, thaw", LAMBDA, LAMBDA_PERSISTENT, LAMBDA_POOL, short=[LAMBDA_POOL])
async def test_a_connection_that_died_during_a_freeze_fails_no_request(trial: Trial, tmp_path) -> None:
    limits = {"errors": 0, "first_response_s": 0.5, "new_environments": 0}
    with trial.judged(least={"frozen": 1, "ended": 1}, **limits), a_database() as database:
        async with serving(
            trial.target, database, tmp_path, variables=trial.patience, ready=1, concurrency_limit=1
        ) as system:
            for _ in trial.repetitions:
                # A short freeze must give the same result as a long one.
                for freeze_s in _FREEZES_S:
                    async with Client(system.url, hidden=system.hidden) as client:
                        process = await _warm_up(client)
                        await _until_frozen(process)
                        await asyncio.sleep(freeze_s)
                        trial.note(frozen=is_frozen(process))
                        trial.note(ended=await end_backends(database))
                        await _note_thaw(trial, system, client)


@fault(17, "freeze + silent drop", LAMBDA, LAMBDA_PERSISTENT, LAMBDA_POOL)
async def test_a_connection_silenced_during_a_freeze_costs_little_time(trial: Trial, tmp_path) -> None:
    limits = {"errors": 0, "first_response_s": 3.0, "new_environments": 0}
    least = {"frozen": 1}
    if trial.target == LAMBDA:
        # With a connection per request there is no connection that could fall silent.
        limits["connections_held"] = 0
    else:
        least |= {"connections_held": 1, "packets_dropped": 1}
        # The server does not notice that the connection fell silent, so it keeps that connection beside the new one.
        limits["backends"] = 2
    with (
        trial.judged(least=least, **limits),
        own_network(tmp_path) as network,
        a_database() as database,
    ):
        async with serving(trial.target, database, tmp_path, ready=1, concurrency_limit=1) as system:
            port = database.port if system.proxy is None else system.proxy.port
            for _ in trial.repetitions:
                for freeze_s in _FREEZES_S:
                    async with Client(system.url, hidden=system.hidden) as client:
                        process = await _warm_up(client)
                        await _until_frozen(process)
                        await asyncio.sleep(freeze_s)
                        trial.note(frozen=is_frozen(process))
                        held = network.clients_of(port)
                        # The network forgets the connections of a paused micro-VM, and lets new ones pass.
                        if held:
                            network.drop(port, held)
                        trial.note(connections_held=len(held))
                        await _note_thaw(trial, system, client)
                        if held:
                            trial.note(packets_dropped=network.restore())
                            await end_backends(database)


@fault(19, "orphans", LAMBDA)
async def test_killed_execution_environments_leave_no_transaction_open(trial: Trial, tmp_path) -> None:
    limits = {"idle_in_transaction_for_s": 10.0, "idle_in_transaction": 0}
    with trial.judged(least={"killed": _KILLED}, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path, ready=1) as system:
            assert isinstance(system.server, LambdaTarget)
            trial.limits["backends"] = system.most_backends
            for _ in trial.repetitions:
                async with Client(system.url, hidden=system.hidden) as client:
                    for _ in range(_KILLED // _KILLED_AT_ONCE):
                        await _kill_in_transaction(system, client)
                    killed_s = time.monotonic()
                    ended_s = await until_no_transaction_is_idle(database)
                    async with administration(database) as connection:
                        trial.note(
                            killed=len(failures(client.replies)),
                            backends=await backends(connection),
                            idle_in_transaction=await backends(connection, state="idle in transaction"),
                            idle_in_transaction_for_s=ended_s - killed_s,
                        )
                    await trial.check_writes(system, client.replies)


async def _warm_up(client: Client) -> int:
    """Send a few requests, and return the ID of the process that served them."""
    for _ in range(3):
        assert (await client.read()).succeeded
    return json.loads((await client.read("/faults/identity/")).body)["process"]


async def _until_frozen(process: int) -> None:
    """Wait until the emulator has frozen the process; raise TimeoutError if it does not."""

    async def is_so() -> bool:
        return is_frozen(process)

    await until(is_so)


async def _note_thaw(trial: Trial, system: System, client: Client) -> None:
    assert isinstance(system.server, LambdaTarget)
    emulator = system.server.emulator
    started = emulator.started_count
    first = await client.read()
    later = [await client.write() for _ in range(3)]
    trial.note(
        # A new execution environment would have no connection to lose.
        new_environments=emulator.started_count - started,
        errors=len(failures([first, *later])),
        first_response_s=first.latency_s,
        later_s=longest_s(later),
    )
    async with administration(system.database) as connection:
        trial.note(backends=await backends(connection))
    trial.limits.setdefault("backends", system.most_backends)
    await trial.check_writes(system, client.replies)


async def _kill_in_transaction(system: System, client: Client) -> None:
    """Kill execution environments while each of them has a transaction open."""
    assert isinstance(system.server, LambdaTarget)
    await system.server.emulator.warm(_KILLED_AT_ONCE)
    calls = [asyncio.create_task(client.write(path=f"/faults/hold/{_HOLD_S}/")) for _ in range(_KILLED_AT_ONCE)]
    async with administration(system.database) as connection:

        async def all_hold() -> bool:
            return await backends(connection, state="idle in transaction") == _KILLED_AT_ONCE

        await until(all_hold)
    await system.server.emulator.retire_all()
    await asyncio.gather(*calls)
