"""Measures subjects side by side: interleaved blocks, bursts, cold starts, and the rows they left."""

import random
from collections.abc import Awaitable, Callable, Sequence

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.errors import CompareError
from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.run.connection_sampler import ConnectionSampler
from django_runtimes.compare.run.plan import Plan
from django_runtimes.compare.run.rows import found_keys
from django_runtimes.compare.run.subject import ScenarioKey, Subject
from django_runtimes.compare.run.workload import Scenario
from django_runtimes.compare.targets.target import expect_answer

Step = Callable[[Subject], Awaitable[None]]


class Measurement:
    """One run over its subjects; a subject that fails drops out, the others go on."""

    def __init__(
        self,
        plan: Plan,
        subjects: Sequence[Subject],
        *,
        generator: LoadGenerator,
        sampler: ConnectionSampler,
        progress: Progress,
        seed: int,
    ) -> None:
        self._plan = plan
        self._subjects = subjects
        self._generator = generator
        self._sampler = sampler
        self._progress = progress
        self._seed = seed
        # The order of the targets must not be that of the schedule, which the same seed decides.
        self._order = random.Random(f"order {seed}")  # noqa: S311 - no secret

    async def run(self) -> None:
        """Everything the plan asks for."""
        plan = self._plan
        steady = plan.steady_scenarios()
        await self._phase("warming up", [self._warm_up])
        await self._phase(
            "steady load",
            [self._steady(scenario, rate_rps, index) for index in range(plan.blocks) for scenario, rate_rps in steady],
        )
        await self._phase(f"bursts of {plan.burst_size}", [self._bursts])
        await self._phase("cold starts", [self._cold_start] * plan.cold_starts)

    async def _phase(self, name: str, steps: Sequence[Step]) -> None:
        """Every step on every subject, in another random order each time."""
        self._progress.begin(name, len(steps) * len(self._subjects))
        for step in steps:
            for subject in self._order.sample(self._subjects, len(self._subjects)):
                if subject.failure is None:
                    await attempt(subject, step)
                self._progress.advance()

    async def _warm_up(self, subject: Subject) -> None:
        for template in self._plan.workload.requests:
            outcome = await self._generator.single(subject.target.url, template, ledger=subject.ledger)
            expect_answer(outcome)
        await subject.target.make_ready(self._plan.ready_for)
        for scenario, rate_rps in self._plan.steady_scenarios():
            await self._generator.steady(
                subject.target.url,
                self._plan.workload.of_scenario(scenario),
                rate_rps=rate_rps,
                duration_s=self._plan.warm_up_s,
                seed=self._seed,
                ledger=subject.ledger,
            )

    def _steady(self, scenario: Scenario, rate_rps: float, index: int) -> Step:
        async def step(subject: Subject) -> None:
            await self._sampled(
                subject,
                (scenario, rate_rps),
                index,
                self._generator.steady(
                    subject.target.url,
                    self._plan.workload.of_scenario(scenario),
                    rate_rps=rate_rps,
                    duration_s=self._plan.block_s,
                    seed=self._seed + index,
                    ledger=subject.ledger,
                ),
            )

        return step

    async def _bursts(self, subject: Subject) -> None:
        if subject.target.has_cold_bursts:
            await subject.target.make_cold()
            await self._burst(subject, "burst_cold", 0)
        await subject.target.make_ready(self._plan.burst_size)
        for index in range(self._plan.bursts):
            await self._burst(subject, "burst", index)
        # So many idle processes would take memory from the next target.
        await subject.target.make_cold()

    async def _burst(self, subject: Subject, name: str, index: int) -> None:
        await self._sampled(
            subject,
            (name, None),
            index,
            self._generator.burst(
                subject.target.url,
                self._plan.workload.requests,
                count=self._plan.burst_size,
                seed=self._seed + index,
                ledger=subject.ledger,
            ),
        )

    async def _cold_start(self, subject: Subject) -> None:
        template = self._plan.workload.of_scenario("read")[0]
        subject.cold_starts.append(
            await subject.target.cold_start(
                lambda: self._generator.single(subject.target.url, template, ledger=subject.ledger)
            )
        )

    async def _sampled(self, subject: Subject, key: ScenarioKey, index: int, load: Awaitable[Block]) -> None:
        window = self._sampler.window(subject.database)
        block = await load
        subject.add(key, index, block, await window.stop())
        subject.target.check_running()

    async def account(self, subject: Subject, database_url: str) -> None:
        """Count the connections and the rows of a subject that has stopped; violations fail it."""
        subject.opened = await self._sampler.opened(subject.database)
        subject.rows = subject.ledger.reconcile(found_keys(database_url, self._plan.workload.rows.keys_sql))
        if subject.rows.violations:
            raise CompareError(
                f"its rows do not match what it acknowledged: {'; '.join(subject.rows.violations)}; "
                f"check the application's idempotency and the workload's keys_sql"
            )


async def attempt(subject: Subject, step: Step) -> None:
    """Do one step on a subject; what goes wrong becomes its failure and nobody else's."""
    try:
        await step(subject)
    except CompareError as error:
        subject.failure = subject.failure or str(error)
