"""A measurement of targets without processes, in an event loop that does not wait."""

import asyncio
import io
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.load.block import Block, Outcome, block_of
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.streamed_outcome import StreamedOutcome
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.measurement import Measurement
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.run.time_limit import TimeLimit
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import ColdStart
from tests.guestbook import guestbook_workload

ECS, APP_RUNNER = "aws_ecs/pool/direct", "aws_app_runner/pool/direct"


def block(count: int, latency_ms: float = 5.0) -> Block:
    return block_of([Outcome("list", latency_ms, 0.0, None)] * count, duration_s=1.0)


class _ImpatientSelector(selectors.DefaultSelector):
    """Adds up the time that it should wait, and does not wait."""

    waited_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is not None:
            self.waited_s += max(timeout, 0.0)
        return found


class ImpatientLoop(asyncio.SelectorEventLoop):
    """An event loop whose sleeps and timeouts end at once; its clock begins at 0 s."""

    def __init__(self) -> None:
        self._waits = _ImpatientSelector()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.waited_s


@dataclass
class FakeMeasurement:
    """The measurement; `costs_s` has the time that each kind of step takes, and `hangs` the kind that never ends."""

    limit_s: float | None = None
    names: tuple[str, ...] = (ECS,)
    costs_s: dict[str, float] = field(default_factory=dict)
    hangs: str = ""
    # The only target that hangs; every one without a name.
    hanging: str = ""
    # The median of each block of a warm-up or a search, and the answers in it, by target and number of the block.
    busy_ms: Callable[[int], float] = lambda index: 5.0
    busy_count: Callable[[str, int], int] = lambda name, index: 100
    plan: ComparisonPlan = field(
        default_factory=lambda: ComparisonPlan(guestbook_workload(), limit_s=1.0, budget_s=None, pairs=2, cold_starts=2)
    )
    calls: list[tuple[str, str]] = field(default_factory=list)
    stream_error: str | None = None
    # The durations that Lambda would bill.
    billed_ms: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.limit = TimeLimit(None)
        self.subjects = [self._subject(name) for name in self.names]
        self.shown = io.StringIO()

    def run(self) -> "FakeMeasurement":
        """Run all phases."""
        with Progress(self.shown) as progress, asyncio.Runner(loop_factory=ImpatientLoop) as runner:
            self.limit = TimeLimit(self.limit_s, clock=runner.get_loop().time)
            measurement = Measurement(
                self.plan, self.subjects, generator=self, sampler=None, progress=progress, seed=1, limit=self.limit
            )
            runner.run(measurement.run())
            self.taken_s = self.limit.taken_s
        return self

    def number(self, kind: str) -> int:
        """Return how many steps of this kind were begun."""
        return sum(each == kind for each, _ in self.calls)

    def _subject(self, name: str) -> Subject:
        async def cold_start(first_request: object) -> ColdStart:
            await self._take("cold start", name)
            return ColdStart(400.0, 5.0)

        async def make_cold() -> None:
            return

        async def make_ready(count: int) -> None:
            return

        target = SimpleNamespace(
            url=name, process_ids=(4711,), handler_durations_ms=self.billed_ms, has_cold_bursts=True, details={},
            logs=(), cold_start=cold_start, make_cold=make_cold, make_ready=make_ready, check_running=lambda: None,
        )  # fmt: skip
        return Subject(TargetName.parse(name), "notes", Ledger("1a", 0), target, {})

    async def _take(self, kind: str, name: str) -> int:
        self.calls.append((kind, name))
        await asyncio.sleep(self.costs_s.get(kind, 0.0))
        if kind == self.hangs and self.hanging in ("", name):
            await asyncio.Event().wait()
        return self.calls.count((kind, name))

    # The load generator's methods.
    async def single(self, url: str, *arguments: object, **options: object) -> Outcome:
        await self._take("single", url)
        return Outcome("list", 5.0, 0.0, None)

    async def stream(self, url: str, *arguments: object, **options: object) -> StreamedOutcome:
        await self._take("stream", url)
        self.billed_ms.append(12.0)
        return StreamedOutcome(Outcome("export", 9.0, 0.0, self.stream_error, "seen"), 3.0, 20_000)

    async def saturate(self, url: str, *arguments: object, **options: object) -> Block:
        index = await self._take("busy", url)
        return block(self.busy_count(url, index), self.busy_ms(index))

    async def steady(self, url: str, *arguments: object, **options: object) -> Block:
        await self._take("steady", url)
        return block(100)

    async def burst(self, url: str, *arguments: object, **options: object) -> Block:
        await self._take("burst", url)
        return block(40)
