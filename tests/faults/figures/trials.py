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
from tests.faults.figures.replies import Reply
from tests.faults.parts.databases import administration, backends, written
from tests.faults.parts.system import System

REPETITIONS = 5
RATE_RPS = 50.0
# An execution environment holds each request that waits, and takes 0.4 s of CPU to start: what waits at
# once for seconds has to stay below the few dozen that one machine can run.
RATE_WHERE_LAMBDA_WAITS_RPS = 10.0
# Where the case sends requests of its own at full speed, the load is what goes on beside them.
RATE_BESIDE_OTHER_REQUESTS_RPS = 20.0
_SAMPLE_S = 0.1
# A short version runs among other tests, on a machine that may be busy with more than it.
_SHORT_ALLOWANCE = 4
# Whatever the case, these may not be exceeded, but for Lambda's refusals where a case brings them about.
_ALWAYS = {"lost": 0, "duplicates": 0, "leaks": 0, "neither_success_nor_error": 0, "throttled": 0}


@dataclass(frozen=True)
class Case:
    """A row of the table of faults, for one target."""

    number: int
    name: str
    target: str


@dataclass(frozen=True)
class Verdict:
    """What came of a case: the worst of each figure, and what it may be at most.

    `least` has the figures that show whether the fault happened at all, and what they must be; their worst is the
    smallest.
    """

    case: Case
    repetitions: int
    worst: Mapping[str, float]
    limits: Mapping[str, float]
    least: Mapping[str, float]
    problem: str | None

    @property
    def exceeded(self) -> list[str]:
        """The figures beyond their limits, or never taken."""
        return [name for name, limit in self.limits.items() if not self.worst.get(name, float("inf")) <= limit]

    @property
    def missed(self) -> list[str]:
        """The figures that stayed below what they must be, or were never taken."""
        return [name for name, least in self.least.items() if not self.worst.get(name, float("-inf")) >= least]

    @property
    def passed(self) -> bool:
        return self.problem is None and not self.exceeded and not self.missed


def fault(number: int, name: str, *targets: str, short: Iterable[str] = ()) -> Callable[[Any], Any]:
    """Make a test a case: five repetitions for each target by `make faults`, one for `short` by `make test`."""

    def parameters(target: str, repetitions: int) -> Any:
        identity = f"case_{number:02}-{target.replace('/', '-')}"
        if repetitions == 1:
            return pytest.param(Case(number, name, target), 1, id=f"{identity}-short")
        return pytest.param(Case(number, name, target), repetitions, id=identity, marks=pytest.mark.faults)

    chosen = [parameters(target, REPETITIONS) for target in targets] + [parameters(target, 1) for target in short]
    return pytest.mark.parametrize(("case", "repetition_count"), chosen)


@dataclass
class Trial:
    """One case under way: repeats it, keeps its figures, passes the verdict."""

    case: Case
    count: int
    publish: Callable[[Verdict], None]
    figures: dict[str, list[float]] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return self.case.target

    @contextmanager
    def judged(self, *, least: Mapping[str, float], **limits: float) -> Iterator[None]:
        """Run the block's repetitions; AssertionError when a figure is beyond its limit.

        `least` has the figures without which the fault did not happen. They may have no other limit.
        """
        allowance = _SHORT_ALLOWANCE if self.count == 1 else 1
        self.least = dict(least)
        self.limits = {name: limit * (allowance if name.endswith("_s") else 1) for name, limit in limits.items()}
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

    def note(self, **figures: float) -> None:
        """Take a repetition's figures; of each name the worst counts."""
        for name, value in figures.items():
            self.figures.setdefault(name, []).append(round(value, 4))

    @asynccontextmanager
    async def repetition(self, system: System, *, rate_rps: float = RATE_RPS) -> AsyncIterator[SteadyLoad]:
        """One repetition under load, and afterwards what holds in every case: nothing lost, doubled or leaked."""
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
        # Who never got through to count has seen no budget kept.
        self.least["samples"] = 1
        self.note(requests=len(load.replies), backends=seen.most, samples=seen.samples)
        await self.check_writes(system, load.replies)

    async def check_writes(self, system: System, replies: list[Reply]) -> None:
        """Compare what clients were told with what the database holds, and look for secrets."""
        writes = [reply for reply in replies if reply.key is not None]
        rows = await written(system.database, [reply.key for reply in writes if reply.key])
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


async def _sample(system: System, seen: _Backends) -> None:
    while True:
        # The database may be away: that is what some cases are about.
        with contextlib.suppress(psycopg.Error, OSError):
            async with administration(system.database) as connection:
                while True:
                    seen.most = max(seen.most, await backends(connection))
                    seen.samples += 1
                    await asyncio.sleep(_SAMPLE_S)
        await asyncio.sleep(_SAMPLE_S)
