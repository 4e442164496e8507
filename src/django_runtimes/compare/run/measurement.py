"""Measures subjects side by side: interleaved blocks, bursts and cold starts; then checks their rows."""

import random
from collections.abc import Awaitable, Callable, Sequence

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.block import Block, Outcome
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.run.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.connection_sampler import ConnectionSampler
from django_runtimes.compare.run.rows import found_keys
from django_runtimes.compare.run.subject import ScenarioKey, Subject
from django_runtimes.compare.targets.target import expect_answer
from django_runtimes.compare.workload.workload import RequestTemplate, Scenario

# A target with a larger share of wrong answers fails, since its latencies are not comparable.
_WRONG_SHARE = 0.05
_MIN_WRONG = 5

Step = Callable[[Subject], Awaitable[None]]


class Measurement:
    """The measurement of a run's subjects; a failed subject drops out, and the others continue."""

    def __init__(
        self,
        plan: ComparisonPlan,
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
        # The seed differs from the schedule's, so that the order of the targets does not depend on the schedule.
        self._order = random.Random(f"order {seed}")  # noqa: S311 - no secret

    async def run(self) -> None:
        """Run all phases of the plan."""
        plan = self._plan
        steady = plan.steady_scenarios()
        if plan.workload.session is not None:
            await self._phase("logging in", [self._log_in])
        await self._phase("warming up", [self._warm_up])
        await self._phase(
            "steady load",
            [self._steady(scenario, rate_rps, index) for index in range(plan.blocks) for scenario, rate_rps in steady],
        )
        await self._phase(f"bursts of {plan.burst_size}", [self._bursts])
        await self._phase("cold starts", [self._cold_start] * plan.cold_starts)

    async def _phase(self, name: str, steps: Sequence[Step]) -> None:
        """Run every step on every subject, in a new random order for each step."""
        self._progress.begin(name, len(steps) * len(self._subjects))
        for step in steps:
            for subject in self._order.sample(self._subjects, len(self._subjects)):
                if subject.failure is None:
                    await attempt(subject, step)
                self._progress.advance()

    async def _log_in(self, subject: Subject) -> None:
        session = self._plan.workload.session
        if session is not None:
            subject.users = await self._generator.log_in(subject.target.url, session)

    async def _warm_up(self, subject: Subject) -> None:
        for template in self._plan.workload.requests:
            outcome = await self._generator.single(
                subject.target.url, template, ledger=subject.ledger, users=subject.users
            )
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
                users=subject.users,
            )

    def _steady(self, scenario: Scenario, rate_rps: float, index: int) -> Step:
        async def step(subject: Subject) -> None:
            handled = len(subject.target.handler_durations_ms)
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
                    users=subject.users,
                ),
            )
            subject.handler_durations_ms += subject.target.handler_durations_ms[handled:]

        return step

    async def _bursts(self, subject: Subject) -> None:
        if subject.target.has_cold_bursts:
            await subject.target.make_cold()
            await self._burst(subject, "burst_cold", 0)
        await subject.target.make_ready(self._plan.burst_size)
        for index in range(self._plan.bursts):
            await self._burst(subject, "burst", index)
        # The idle processes would take memory from the next target.
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
                users=subject.users,
            ),
        )

    async def _cold_start(self, subject: Subject) -> None:
        template = self._plan.workload.of_scenario("read")[0]
        subject.cold_starts.append(await subject.target.cold_start(lambda: self._single(subject, template)))

    async def _single(self, subject: Subject, template: RequestTemplate) -> Outcome:
        return await self._generator.single(subject.target.url, template, ledger=subject.ledger, users=subject.users)

    async def _sampled(self, subject: Subject, key: ScenarioKey, index: int, load: Awaitable[Block]) -> None:
        window = self._sampler.window(subject.database)
        block = await load
        subject.add(key, index, block, await window.stop())
        subject.target.check_running()
        _check_wrong_share(subject)

    async def account(self, subject: Subject, database_url: str) -> None:
        """Count the connections and check the rows of a stopped subject; violations fail it."""
        subject.opened = await self._sampler.opened(subject.database)
        subject.transactions = await self._sampler.transactions(subject.database)
        rows = self._plan.workload.rows
        if rows is None:
            return
        subject.rows = subject.ledger.reconcile(found_keys(database_url, rows.keys_sql))
        if subject.rows.violations:
            raise CompareError(
                f"its rows do not match the acknowledged writes: {'; '.join(subject.rows.violations)}; "
                f"check the application's idempotency and the workload's keys_sql"
            )


def _check_wrong_share(subject: Subject) -> None:
    blocks = [block for blocks in subject.blocks.values() for block in blocks.values()]
    sent, wrong = sum(block.sent for block in blocks), sum(block.wrong for block in blocks)
    if wrong >= _MIN_WRONG and wrong > _WRONG_SHARE * sent:
        first = next(block.first_wrong for block in blocks if block.first_wrong is not None)
        raise CompareError(f"{wrong} of {sent} answers were wrong (at most {_WRONG_SHARE:.0%} may be); {first}")


async def attempt(subject: Subject, step: Step) -> None:
    """Run one step on a subject; a CompareError becomes the failure of this subject only."""
    try:
        await step(subject)
    except CompareError as error:
        subject.failure = subject.failure or str(error)
