"""Claim: a connection pool inside a frozen execution environment holds more than it uses, and is no faster."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import psycopg

from django_runtimes.compare.analysis.ratio import SAME_FROM, Ratio
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import STOCK_FUNCTION, ClaimServices, DatabaseCounter
from django_runtimes.compare.claims.paired_durations import paired_durations, ratio_between, ratio_figures
from django_runtimes.compare.emulator.invocation import FunctionFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.record.claim_result import ClaimFigure
from django_runtimes.compare.services.postgres import EmbeddedPostgres

_VARIABLES = {"pool": {"CLAIM_POOL": "1"}, "held": {"CLAIM_CONN_MAX_AGE": "600"}}
_INVOCATIONS = 7
# All environments are busy at once, and a pool has the time to open its connections.
_HOLD_S = 0.5


@dataclass(frozen=True)
class FrozenPool:
    """Connections held by frozen environments with a pool and with one kept connection each, and what follows.

    The ratio is the duration of an invocation with the pool to one with the kept connection. The failures are those of
    each environment's first invocation after the server closed its connections.
    """

    environments: int
    held_by_pools: int
    held_without_pools: int
    duration: Ratio | None
    failed_with_pools: int
    failed_without_pools: int


def judge_frozen_pool(found: FrozenPool) -> Decision:
    """Decide by the connections of one environment, which can use only one, and by the duration of invocations."""
    counted = f"{found.environments} frozen environments held {found.held_by_pools} connections in their pools"
    if found.held_by_pools <= found.environments:
        return refuted(f"{counted}, one for each that a request can use")
    if found.duration is None:
        return not_shown(f"{counted}, but there were too few rounds to compare durations")
    ratio = (
        f"an invocation takes {found.duration.low:.2f} to {found.duration.high:.2f} times as long as with one kept "
        "connection"
    )
    if found.duration.low >= SAME_FROM:
        return confirmed(f"{counted}, and {ratio}")
    if found.duration.high < SAME_FROM:
        return refuted(f"{counted}, but {ratio}, so the pool is faster")
    return not_shown(f"{counted}, but {ratio}, which allows a faster one")


async def measure_frozen_pool(services: ClaimServices, *, environments: int = 3, rounds: int = 20) -> ClaimEvidence:
    """Invoke functions with and without a pool, freeze their environments, and close their connections."""
    server = services.postgres(*_VARIABLES)
    emulators = {}
    for name, variables in _VARIABLES.items():
        environ = services.environ(server.url(name), **variables)
        emulators[name] = await services.stack.enter_async_context(
            LambdaEmulator(services.function(name, STOCK_FUNCTION, environ))
        )
        await emulators[name].warm(environments)
        await asyncio.gather(*(_invoke(emulators[name], _HOLD_S) for _ in range(environments)))
    held = {name: DatabaseCounter(server, name).held() for name in _VARIABLES}
    measures = {name: partial(_shortest_ms, emulator) for name, emulator in emulators.items()}
    durations_ms = await paired_durations(measures, rounds=rounds, seed=rounds)
    failed = {}
    for name, emulator in emulators.items():
        _close_connections(server, name)
        outcomes = await asyncio.gather(
            *(_invoke(emulator, _HOLD_S) for _ in range(environments)), return_exceptions=True
        )
        failed[name] = _failures(outcomes)
    found = FrozenPool(
        environments=environments,
        held_by_pools=held["pool"],
        held_without_pools=held["held"],
        duration=ratio_between(durations_ms["pool"], durations_ms["held"]),
        failed_with_pools=failed["pool"],
        failed_without_pools=failed["held"],
    )
    return ClaimEvidence(
        (
            ClaimFigure("frozen execution environments", environments),
            ClaimFigure("connections held by their pools", found.held_by_pools),
            ClaimFigure("connections held without a pool", found.held_without_pools),
            *ratio_figures({"duration, pool / one kept": found.duration}),
            ClaimFigure("failed after the server closed the connections, pool", found.failed_with_pools),
            ClaimFigure("failed after the server closed the connections, one kept", found.failed_without_pools),
        ),
        judge_frozen_pool(found),
    )


async def _invoke(emulator: LambdaEmulator, duration_s: float) -> float:
    return (await emulator.invoke(json.dumps({"s": duration_s}).encode())).duration_ms


async def _shortest_ms(emulator: LambdaEmulator) -> float:
    return min([await _invoke(emulator, 0.0) for _ in range(_INVOCATIONS)])


def _close_connections(server: EmbeddedPostgres, database: str) -> None:
    """Close every connection of the database from the server's side, as its idle timeout or a restart does."""
    with psycopg.connect(server.administration_url, autocommit=True, connect_timeout=30) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s "
            "AND backend_type = 'client backend'",
            [database],
        )


def _failures(outcomes: Sequence[object]) -> int:
    """Return how many invocations failed; raise any other error."""
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, FunctionFailed):
            raise outcome
    return sum(isinstance(outcome, FunctionFailed) for outcome in outcomes)


CLAIM = Claim(
    name="pool-in-frozen-environment",
    sentence="A connection pool inside a frozen execution environment holds connections that no request can use, and "
    "makes requests no faster than one kept connection.",
    measured="A handler with Django's own engine in 3 real awslambdaric processes, which are frozen between "
    "invocations: with psycopg's pool as Django configures it (OPTIONS={'pool': True}), and with one connection kept "
    "by CONN_MAX_AGE. The connections while all are frozen; in rounds, the shortest of 7 invocations; and the failures "
    "after the server has closed the connections.",
    rule="Confirmed if frozen environments hold more connections than one each, and the whole interval of the ratio of "
    f"durations (pool to one kept) is at least {SAME_FROM:g}. Refuted if they hold one each, or the interval is below "
    f"{SAME_FROM:g}.",
    emulated="The Lambda service. That an environment serves one request at a time and is frozen in between is its "
    "documented model; the freezing is real, and how long AWS keeps an environment is not part of the test.",
    expected_s=4,
    test=measure_frozen_pool,
)
