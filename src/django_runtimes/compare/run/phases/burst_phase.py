"""Sends the bursts of a run: many requests at once, to cold targets and to warm ones."""

from collections.abc import Awaitable, Callable

from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.subject import ScenarioKey, Subject

# Runs a load as the block of this index, and records it with the connections that the target holds during it.
Sampled = Callable[[Subject, ScenarioKey, int, Awaitable[Block]], Awaitable[None]]


class BurstPhase:
    """The bursts of a run, for one target after the other."""

    def __init__(
        self,
        plan: ComparisonPlan,
        *,
        seed: int,
        generator_of: Callable[[Subject], LoadGenerator],
        sampled: Sampled,
    ) -> None:
        self._plan = plan
        self._seed = seed
        self._generator_of = generator_of
        self._sampled = sampled

    async def step(self, subject: Subject) -> None:
        """Send a burst to the cold target if that differs, and the plan's bursts to the warm one."""
        if subject.target.has_cold_bursts:
            await subject.target.make_cold()
            await self._burst(subject, "burst_cold", 0)
        await subject.target.make_ready(self._plan.burst_size)
        for index in range(self._plan.bursts):
            await self._burst(subject, "burst", index)
        # The idle processes would take memory from the next target.
        await subject.target.make_cold()

    async def _burst(self, subject: Subject, name: str, index: int) -> None:
        load = self._generator_of(subject).burst(
            subject.target.url,
            subject.requests(self._plan.workload),
            count=self._plan.burst_size,
            seed=self._seed + index,
            ledger=subject.ledger,
            users=subject.users,
        )
        await self._sampled(subject, (name, None), index, load)
