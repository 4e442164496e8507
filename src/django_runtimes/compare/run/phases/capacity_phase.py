"""Searches the capacities of all targets of a run, and repeats the search where a result is implausible."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from django_runtimes.compare.analysis.implausible_capacity import FoundCapacity, implausible_capacities
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.block import Block
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.record.capacity import SEARCH_LIMIT_S
from django_runtimes.compare.run.phases.capacity_search import CapacitySearch
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.workload.workload import Scenario

# Each pass may use the limit up to this share. The passes over all targets come one after the other, so that another
# process rarely slows the same target down in both.
PASSES = (0.5, 1.0)
# An implausible result is worth more than the limit.
MOST_OF_LIMIT = 1.5

Saturate = Callable[[Subject, Scenario], Awaitable[Block]]
Offer = Callable[[Subject, Scenario, float], Awaitable[Block]]


class CapacityPhase:
    """The searches of a run's targets."""

    def __init__(self, plan: ComparisonPlan, saturate: Saturate, offer: Offer) -> None:
        """Keep a target busy with `saturate`, or send it requests at a rate with `offer`, for the plan's time."""
        self._plan = plan
        self._saturate = saturate
        self._offer = offer
        self._searches: dict[tuple[str, Scenario], CapacitySearch] = {}

    def warmed_up(self, subject: Subject, scenario: Scenario, busy: Block) -> None:
        """Take a block of the warm-up, in which the target was always busy."""
        self._search(subject, scenario).reached(busy)

    @property
    def passes(self) -> list[Callable[[Subject], Awaitable[None]]]:
        """The steps that search the capacity of a subject."""
        return [partial(self._pass, share) for share in PASSES]

    async def repeat(self, subject: Subject) -> None:
        """Search once more, beyond the limit."""
        await self._pass(MOST_OF_LIMIT, subject)

    def doubtful(self, subjects: Sequence[Subject]) -> list[Subject]:
        """Return the running subjects with a capacity far below those of similar ones."""
        found = [
            FoundCapacity(str(subject.name), subject.similar, scenario, capacity)
            for subject in subjects
            if subject.failure is None
            for scenario, capacity in subject.capacities.items()
        ]
        names = {implausible.target for implausible in implausible_capacities(found)}
        return [subject for subject in subjects if str(subject.name) in names]

    async def _pass(self, share: float, subject: Subject) -> None:
        scenarios = subject.scenarios(self._plan.workload)
        for scenario in scenarios:
            search = self._search(subject, scenario)
            await search.search(share * SEARCH_LIMIT_S / len(scenarios))
            if search.capacity is None:
                raise CompareError(
                    f"none of its answers to {self._plan.ready_for} clients' {scenario}s was as expected: "
                    f"{', '.join(search.errors) or 'there were no answers'}; see its log"
                )
            subject.capacities[scenario] = search.capacity

    def _search(self, subject: Subject, scenario: Scenario) -> CapacitySearch:
        key = str(subject.name), scenario
        if key not in self._searches:
            self._searches[key] = CapacitySearch(
                partial(self._saturate, subject, scenario),
                partial(self._offer, subject, scenario),
                block_s=self._plan.capacity_s,
                max_rate_rps=subject.max_rate_rps,
            )
        return self._searches[key]
