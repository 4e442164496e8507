"""Judges a case by the worst of its repetitions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.faults.figures.load import SteadyLoad
from tests.faults.figures.replies import CUT_OFF_WITHIN_S, Reply
from tests.faults.parts.mariadb_system import MariadbSystem
from tests.faults.parts.system import System
from tests.faults.waiting import until

AnySystem = System | MariadbSystem
REPETITIONS = 5
RATE_RPS = 50.0
# Each waiting request occupies an execution environment, which takes 0.4 s of CPU to start. One machine can run only a
# few dozen, so fewer requests may wait at once.
RATE_WHERE_LAMBDA_WAITS_RPS = 10.0
# The load in cases that send their own requests at full speed at the same time.
RATE_BESIDE_OTHER_REQUESTS_RPS = 20.0
_SAMPLE_S = 0.1
_PATIENT = {
    "WEBAPP_MAX_WAIT_S": "60",
    # After a case that stood still, the requests of seconds arrive at once.
    "WEBAPP_MAX_WAITING": "10000",
    "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
    "WEBAPP_DB_POOL_TIMEOUT_S": "60",
    "WEBAPP_DB_STATEMENT_TIMEOUT_S": "60",
    "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S": "60",
}
# A patient system's pool has a timeout of 60 s.
_CUT_OFF_WITHIN_PATIENTLY_S = 55.0
# Limits for every case; only a case that provokes Lambda's throttling may raise the limit of `throttled`.
_ALWAYS = {"lost": 0, "duplicates": 0, "leaks": 0, "neither_success_nor_error": 0, "throttled": 0}


@dataclass(frozen=True)
class Case:
    """A row of the table of faults, for one target."""

    number: int
    name: str
    target: str


@dataclass(frozen=True)
class Verdict:
    """The worst value of each figure of a case, and its limit.

    `least` holds the lower limits of the figures that prove that the fault happened; the worst value of such a figure
    is its smallest.
    """

    case: Case
    repetitions: int
    worst: Mapping[str, float]
    limits: Mapping[str, float]
    least: Mapping[str, float]
    problem: str | None

    @property
    def exceeded(self) -> list[str]:
        """The figures that exceed their limits or are missing."""
        return [name for name, limit in self.limits.items() if not self.worst.get(name, float("inf")) <= limit]

    @property
    def missed(self) -> list[str]:
        """The figures that are below their minimum or are missing."""
        return [name for name, least in self.least.items() if not self.worst.get(name, float("-inf")) >= least]

    @property
    def passed(self) -> bool:
        return self.problem is None and not self.exceeded and not self.missed


def fault(number: int, name: str, *targets: str, short: Iterable[str] = ()) -> Callable[[Any], Any]:
    """Make a test a case: `make faults` runs it five times per target, `make test` once per target in `short`."""

    def parameters(target: str, repetitions: int) -> Any:
        identity = f"case_{number:02}-{target.replace('/', '-')}"
        if repetitions == 1:
            return pytest.param(Case(number, name, target), 1, id=f"{identity}-short")
        return pytest.param(Case(number, name, target), repetitions, id=identity, marks=pytest.mark.faults)

    chosen = [parameters(target, REPETITIONS) for target in targets] + [parameters(target, 1) for target in short]
    return pytest.mark.parametrize(("case", "repetition_count"), chosen)


@dataclass
class Trial:
    """A running case, which collects the figures of its repetitions and gives the verdict."""

    case: Case
    count: int
    publish: Callable[[Verdict], None]
    judges_durations: bool = True
    figures: dict[str, list[float]] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return self.case.target

    @contextmanager
    def judged(self, *, least: Mapping[str, float], **limits: float) -> Iterator[None]:
        """Judge the block's repetitions; raise AssertionError when a figure exceeds its limit.

        `least` has the minimum of each figure that proves that the fault happened; such a figure has no other limit.
        A single repetition runs among other tests on a machine that may be busy, so its durations have no limits, as
        without `judges_durations`.
        """
        self.least = dict(least)
        judges_durations = self.judges_durations and self.count > 1
        self.limits = {name: limit for name, limit in limits.items() if judges_durations or not name.endswith("_s")}
        problem = None
        try:
            yield
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"[:300]
            raise
        finally:
            assert not self.least.keys() & self.limits.keys(), "a figure has one worst"
            worst = {name: (min if name in self.least else max)(values) for name, values in self.figures.items()}
            verdict = Verdict(self.case, self.count, worst, self.limits, self.least, problem)
            self.publish(verdict)
        assert not verdict.exceeded, f"beyond the limit: {', '.join(verdict.exceeded)}; {worst}"
        assert not verdict.missed, f"the fault did not happen: {', '.join(verdict.missed)}; {worst}"

    @property
    def repetitions(self) -> range:
        return range(self.count)

    @property
    def patience(self) -> Mapping[str, str]:
        """Variables of a system that must refuse nothing: a single repetition's machine may stand still for seconds."""
        return _PATIENT if self.count == 1 else {}

    @property
    def cut_off_within_s(self) -> float:
        """How long after the end of its connection a request may fail because of it."""
        return _CUT_OFF_WITHIN_PATIENTLY_S if self.count == 1 else CUT_OFF_WITHIN_S

    def note(self, **figures: float) -> None:
        """Record a repetition's figures; the worst value of each name decides the verdict."""
        for name, value in figures.items():
            self.figures.setdefault(name, []).append(round(value, 4))

    @asynccontextmanager
    async def repetition(self, system: AnySystem, *, rate_rps: float = RATE_RPS) -> AsyncIterator[SteadyLoad]:
        """Run one repetition under load, then check that no write was lost or duplicated and no secret leaked."""
        seen = _Backends()
        sampling = asyncio.create_task(_sample(system, seen))
        try:
            async with SteadyLoad(system.url, hidden=system.hidden, rate_rps=rate_rps) as load:
                yield load
        finally:
            sampling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sampling
        self.limits.setdefault("backends", system.most_backends)
        # Without a sample the number of backends would prove nothing.
        self.least["samples"] = 1
        held = await self._held_backends(system, seen)
        self.note(requests=len(load.replies), backends=held, samples=seen.samples)
        await self.check_writes(system, load.replies)

    async def _held_backends(self, system: AnySystem, seen: "_Backends") -> int:
        """Return the most backends of all samples, or those of a single repetition that stay beyond the limit.

        On a machine that stands still, a backend outlives its connection for seconds, beside the one that replaces it.
        """
        limit = self.limits["backends"]
        if self.count > 1 or seen.most <= limit:
            return seen.most
        async with system.backend_count() as count:

            async def are_within_limit() -> bool:
                return await count() <= limit

            with contextlib.suppress(TimeoutError):
                await until(are_within_limit)
            return await count()

    async def check_writes(self, system: AnySystem, replies: list[Reply]) -> None:
        """Compare the acknowledged writes with the rows in the database, and look for leaked secrets."""
        writes = [reply for reply in replies if reply.key is not None]
        rows = await system.written([reply.key for reply in writes if reply.key])
        acknowledged = {reply.key for reply in writes if reply.status == 201}
        refused = {reply.key for reply in writes} - acknowledged
        self.limits = _ALWAYS | self.limits
        self.note(
            lost=len(acknowledged - rows.keys()),
            duplicates=sum(count > 1 for count in rows.values()),
            ambiguous=len(refused & rows.keys()),
            leaks=sum(reply.leaks for reply in replies) + system.leaking_logs(),
            throttled=sum(reply.throttled for reply in replies),
            neither_success_nor_error=sum(
                not (reply.succeeded or reply.failed or reply.throttled) for reply in replies
            ),
        )


@dataclass
class _Backends:
    most: int = 0
    samples: int = 0


async def _sample(system: AnySystem, seen: _Backends) -> None:
    while True:
        # Some cases take the database down.
        with contextlib.suppress(psycopg.Error, OSError):
            async with system.backend_count() as count:
                while True:
                    seen.most = max(seen.most, await count())
                    seen.samples += 1
                    await asyncio.sleep(_SAMPLE_S)
        await asyncio.sleep(_SAMPLE_S)
