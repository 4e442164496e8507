"""The network between the application and its database is silent, or slow."""

import asyncio
import time

from tests.faults.figures.load import Client
from tests.faults.figures.replies import clear_s, failures, longest_s, recovery_s, served, without_retry_after
from tests.faults.figures.trials import RATE_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.parts.databases import MovingDatabase, a_database, end_backends
from tests.faults.parts.namespaces import own_network
from tests.faults.parts.relays import Relay
from tests.faults.parts.system import CONTAINER, LAMBDA, POOL_MAX, WORKERS, System, serving

_SILENCE_S = 12.0
_ONE_WAY_S = 0.025
_QUERIES = 3
_REQUESTS = 10


@fault(11, "black hole", CONTAINER, LAMBDA)
async def test_requests_are_answered_in_time_on_a_silent_network(trial: Trial, tmp_path) -> None:
    rate_rps = RATE_RPS if trial.target == CONTAINER else RATE_WHERE_LAMBDA_WAITS_RPS
    limits = {"latency_s": 8.0, "without_retry_after": 0, "served_in_silence": 0}
    if trial.target == CONTAINER:
        # The server does not notice that a connection fell silent, so it keeps that connection beside the new one.
        limits["backends"] = 2 * WORKERS * POOL_MAX
    # The last requests wait until the network is back.
    least = {"errors": rate_rps * (_SILENCE_S - limits["latency_s"]), "packets_dropped": 1}
    with (
        trial.judged(least=least, **limits),
        own_network(tmp_path) as network,
        a_database() as database,
    ):
        async with serving(trial.target, database, tmp_path, ready=40) as system:
            port = database.port if system.proxy is None else system.proxy.port
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=rate_rps) as load:
                    await asyncio.sleep(1.0)
                    network.drop(port)
                    silent_s = time.monotonic()
                    await asyncio.sleep(_SILENCE_S)
                    restored_s = time.monotonic()
                    dropped = network.restore()
                    await load.until_success(restored_s)
                    await asyncio.sleep(1.0)
                await end_backends(database)
                errors = failures(load.replies)
                trial.note(
                    packets_dropped=dropped,
                    served_in_silence=served(load.replies, silent_s, restored_s),
                    errors=len(errors),
                    latency_s=longest_s(load.replies),
                    without_retry_after=without_retry_after(errors),
                    recovery_s=recovery_s(load.replies, restored_s),
                    clear_s=clear_s(load.replies, restored_s),
                )


@fault(12, "slow link: 50 ms by a delaying relay", CONTAINER, LAMBDA, short=[CONTAINER])
async def test_a_warm_request_makes_few_round_trips(trial: Trial, tmp_path) -> None:
    # Besides its queries a request checks its pooled connection, or logs in if each request has its own connection.
    limits = {"round_trips_beyond_queries": 8 if trial.target == LAMBDA else 1}
    # Fewer round trips would mean that the queries bypassed the relay, or that the relay did not delay them.
    least = {"round_trips": _QUERIES, "latency_in_round_trips": _QUERIES}
    with trial.judged(least=least, errors=0, **limits), a_database() as database, Relay(database.port) as relay:
        moving = MovingDatabase(database, relay.host, relay.port)
        through = {**trial.patience, "WEBAPP_DB_PROXY_PORT": str(relay.port)}
        if trial.target == CONTAINER:
            # A pool that may grow can log in to a further connection at any time.
            through["WEBAPP_DB_POOL_MAX_SIZE"] = "1"
        behind = database if trial.target == LAMBDA else moving
        async with serving(trial.target, behind, tmp_path, variables=through, ready=1) as system:
            if system.proxy is not None:
                relay.target = system.proxy.port
            relay.delay_s = _ONE_WAY_S
            for _ in trial.repetitions:
                await _count_round_trips(trial, system, relay)


async def _count_round_trips(trial: Trial, system: System, relay: Relay) -> None:
    path = f"/faults/queries/{_QUERIES}/"
    async with Client(system.url, hidden=system.hidden) as client:
        # Afterwards both workers are warm.
        await asyncio.gather(*(client.read(path) for _ in range(_REQUESTS)))
        for _ in range(_REQUESTS):
            # The last connection closes.
            await relay.until_quiet()
            round_trips, connections = relay.round_trips, relay.connections
            reply = await client.read(path)
            # The relay neither delays nor counts the TCP handshake, so count one round trip per connection.
            counted = relay.round_trips - round_trips + relay.connections - connections
            trial.note(
                round_trips=counted,
                round_trips_beyond_queries=counted - _QUERIES,
                latency_in_round_trips=reply.latency_s / (2 * _ONE_WAY_S),
            )
        trial.note(errors=len(failures(client.replies)))
    await trial.check_writes(system, client.replies)
