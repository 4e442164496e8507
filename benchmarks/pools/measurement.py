"""Measures each contender: a busy phase, a quiet one, and a restart of the server under load."""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import psycopg

from benchmarks.contenders.peers import locked_python
from benchmarks.pools.clients import Answer, clients
from benchmarks.pools.contenders import CONTENDERS, LIMIT, Contender, server
from benchmarks.pools.outcome import Errors, Interval, Outcome, recovered_s, waits_of
from benchmarks.ratio import interleaved
from django_runtimes.cli import processes
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres

# Five times as many as there are connections, and as many as there are threads.
CLIENTS = 40
_RESTART_WITHIN_S = 60.0
_CONNECT_TIMEOUT_S = 2


@dataclass(frozen=True)
class Phases:
    """The number of rounds, and the duration of each phase of a round in seconds.

    Each busy phase begins with `warm_up_s`, whose requests are not counted.
    """

    rounds: int = 3
    warm_up_s: float = 2
    busy_s: float = 8
    quiet_s: float = 10
    down_s: float = 2
    restarted_s: float = 8


@dataclass(frozen=True)
class _Place:
    """Where a contender runs: its Python, the server, its database, the database's URL, and a folder for logs.

    Each contender has a database of its own, since PgBouncer keeps connections to one that nobody uses.
    """

    python: Path
    postgres: EmbeddedPostgres
    database: str
    url: str
    workspace: Path


@dataclass(frozen=True)
class MeasuredPools:
    """The versions of the servers by product, and the outcomes of all rounds by the contender's key."""

    versions: dict[str, str]
    outcomes: dict[str, list[Outcome]]


async def measure(phases: Phases, workspace: Path, rng: random.Random, progress: Progress) -> MeasuredPools:
    """Measure every contender in each round; raise CompareError for one that does not work."""
    progress.begin("the contenders' environments", len(CONTENDERS))
    pythons = {}
    for contender in CONTENDERS:
        pythons[contender.key] = _python(contender, workspace)
        progress.advance()
    outcomes: dict[str, list[Outcome]] = {contender.key: [] for contender in CONTENDERS}
    by_key = {contender.key: contender for contender in CONTENDERS}
    with ExitStack() as stack:
        postgres = stack.enter_context(EmbeddedPostgres())
        databases = {key: f"bench_pools_{key}" for key in outcomes}
        for database in databases.values():
            create_database(postgres, database)
        pooler = stack.enter_context(PgBouncer(postgres, pool_size=LIMIT))
        progress.begin("pools", phases.rounds * len(CONTENDERS))
        for key in interleaved(list(outcomes), phases.rounds, rng):
            source = pooler if by_key[key].is_pooler else postgres
            place = _Place(pythons[key], postgres, databases[key], source.url(databases[key]), workspace)
            outcomes[key].append(await _measure(by_key[key], place, phases))
            progress.advance()
        versions = {"postgresql": postgres.version, "pgbouncer": pooler.version}
    return MeasuredPools(versions, outcomes)


def _python(contender: Contender, workspace: Path) -> Path:
    lock_file = contender.lock_file
    if lock_file is None:
        return Path(sys.executable)
    return locked_python(contender.venv, lock_file, workspace / f"install-{contender.key}.log")


async def _measure(contender: Contender, place: _Place, phases: Phases) -> Outcome:
    with server(contender, place.python, place.url, place.workspace / f"{contender.key}.log") as address:
        url = f"{address}/work"
        async with _sampler(place) as sampler:
            async with clients(url, CLIENTS) as answers:
                await asyncio.sleep(phases.warm_up_s)
                busy, held = await _sampled(sampler, place.database, phases.busy_s)
            _require_answers(contender, answers)
            await asyncio.sleep(phases.quiet_s)
            idle = await sampler.window(place.database).stop()
        async with clients(url, CLIENTS) as later:
            await asyncio.sleep(phases.warm_up_s)
            down = await _restart(place.postgres, phases.down_s)
            async with _sampler(place) as sampler:
                again, restarted = await _sampled(sampler, place.database, phases.restarted_s)
        again = Interval(down.end_s, again.end_s)
        return Outcome(
            busy=held,
            idle=idle.peak,
            restarted=restarted,
            waits_ms=waits_of(answers, busy),
            busy_errors=Errors.of(answers, busy),
            down_errors=Errors.of(later, down),
            later_errors=Errors.of(later, again),
            recovered_s=recovered_s(later, again),
        )


def _sampler(place: _Place) -> ConnectionSampler:
    return ConnectionSampler(PostgresqlCounter(place.postgres.administration_url), [place.database])


async def _sampled(sampler: ConnectionSampler, database: str, duration_s: float) -> tuple[Interval, SampledConnections]:
    window = sampler.window(database)
    begin_s = time.monotonic()
    await asyncio.sleep(duration_s)
    end_s = time.monotonic()
    return Interval(begin_s, end_s), await window.stop()


async def _restart(postgres: EmbeddedPostgres, down_s: float) -> Interval:
    """Stop the server as `pg_ctl restart` does, which ends all sessions, and start it after `down_s`.

    Return the interval in which it did not answer; raise CompareError if it does not answer any more.
    """
    begin_s = time.monotonic()
    postgres.process.send_signal(SIGINT)
    await _until(lambda: postgres.process.poll() is not None, postgres)
    await asyncio.sleep(down_s)
    postgres._spawn(postgres.port, processes.server_account())
    await _until(lambda: _answers(postgres), postgres)
    return Interval(begin_s, time.monotonic())


async def _until(holds: Callable[[], bool], postgres: EmbeddedPostgres) -> None:
    deadline_s = time.monotonic() + _RESTART_WITHIN_S
    while not holds():
        if time.monotonic() > deadline_s:
            raise CompareError(
                f"PostgreSQL did not restart within {_RESTART_WITHIN_S:g} s: {processes.cause(postgres.log)}"
            )
        await asyncio.sleep(0.05)


def _answers(postgres: EmbeddedPostgres) -> bool:
    try:
        psycopg.connect(postgres.administration_url, connect_timeout=_CONNECT_TIMEOUT_S).close()
    except psycopg.OperationalError:
        return False
    return True


def _require_answers(contender: Contender, answers: list[Answer]) -> None:
    if all(answer.error for answer in answers):
        found = ", ".join(sorted({answer.error for answer in answers})) or "no answer"
        raise CompareError(f"{contender.title} answered no request: {found}; see its log")
