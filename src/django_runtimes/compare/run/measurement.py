"""Measures subjects side by side: interleaved blocks, bursts and cold starts; then checks their rows."""

import asyncio
import itertools
import math
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.load.block import Block, Outcome
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.meters.other_work import OtherWork
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.phases.block_durations import block_durations_s, p99_notice
from django_runtimes.compare.run.phases.burst_phase import BurstPhase
from django_runtimes.compare.run.phases.capacity_phase import CapacityPhase
from django_runtimes.compare.run.phases.steady_load import chosen_rates, lacking
from django_runtimes.compare.run.phases.stream_phase import StreamPhase
from django_runtimes.compare.run.rows import check_rows
from django_runtimes.compare.run.subject import ScenarioKey, Subject
from django_runtimes.compare.run.subject_steps import (
    Phase,
    Step,
    attempt,
    attempt_within,
    check_may_log_in,
    check_wrong_share,
)
from django_runtimes.compare.run.time_limit import (
    BURSTS_SHARE,
    COLD_STARTS_SHARE,
    STREAMS_SHARE,
    WARM_UP_SHARE,
    TimeLimit,
)
from django_runtimes.compare.targets.target import expect_answer
from django_runtimes.compare.workload.workload import RequestTemplate, Scenario

# A target is warm when the medians of two successive windows differ by at most this share.
_WARM_CHANGE = 0.1
WARM_UP_WINDOWS = 8
WARM_UPS = 2


class Measurement:
    """The measurement of a run's subjects; a failed subject drops out, and the others continue."""

    def __init__(
        self,
        plan: ComparisonPlan,
        subjects: Sequence[Subject],
        *,
        generator: LoadGenerator,
        sampler: ConnectionSampler | None,
        progress: Progress,
        seed: int,
        limit: TimeLimit,
    ) -> None:
        """Measure until the limit; parts that do not fit, or do not end, are left out and noted there."""
        self._plan = plan
        self._subjects = subjects
        self._generator = generator
        self._sampler = sampler
        self._progress = progress
        self._seed = seed
        # The start of each phase, in s since the sampling of the backends began.
        self.phases: dict[str, float] = {}
        # The rates of each scenario, empty until the steady load begins.
        self.rates_rps: dict[Scenario, tuple[float, ...]] = {}
        # The valid blocks of the steady load that are needed, 0 until it begins.
        self.planned_blocks = 0
        self._limit = limit
        self._current = Phase("")
        self._capacities = CapacityPhase(plan, self._saturate_for_search, self._offer_for_search)
        # The seed differs from the schedule's, so that the order of the targets does not depend on the schedule.
        self._order = random.Random(f"order {seed}")  # noqa: S311 - no secret

    async def run(self) -> None:
        """Run all phases of the plan."""
        plan = self._plan
        if plan.workload.session is not None:
            await self._phase("logging in", [self._log_in])
        await self._phase("first requests", [self._first_requests])
        if plan.workload.streams:
            # Before the load, since targets that answer more writes would have more rows to stream.
            rounds = [StreamPhase(plan.workload, self._generator_of).round] * (1 + plan.streams)
            await self._optional_phase("streams", rounds, self._limit.used_share + STREAMS_SHARE)
        await self._optional_phase("cold starts", [self._cold_start] * plan.cold_starts, COLD_STARTS_SHARE)
        await self._phase("warming up", [self._warm_up])
        if not plan.rates_rps:
            await self._search_capacities()
        bursts = BurstPhase(plan, seed=self._seed, generator_of=self._generator_of, sampled=self._sampled).step
        await self._optional_phase(f"bursts of {plan.burst_size}", [bursts], BURSTS_SHARE)
        # The burst has ended the execution environments.
        await self._phase("warming up again", [self._warm_up])
        await self.measure_steady_load()

    async def _phase(self, name: str, steps: Sequence[Step]) -> None:
        """Run every step on every subject, in a new random order for each step."""
        self._begin(Phase(name, is_needed=True), len(steps) * len(self._subjects))
        for step in steps:
            await self._everywhere(self._subjects, step)

    async def _optional_phase(self, name: str, steps: Sequence[Step], share: float) -> None:
        """Run the steps that begin within this share of the time; note the number of the others."""
        self._begin(Phase(name), len(steps) * len(self._subjects))
        skipped = 0
        for step in steps:
            # The order is random in each step, so no target is always the one that is left out.
            for subject in self._order.sample(self._subjects, len(self._subjects)):
                if self._limit.is_used(share):
                    skipped += subject.failure is None
                else:
                    await self._attempt(subject, step)
                self._progress.advance()
        if skipped:
            self._limit.leave_out(f"{name} ({skipped} of {len(steps) * len(self._subjects)} steps)")

    def _begin(self, phase: Phase, steps: int) -> None:
        self._current = phase
        if self._sampler is not None:
            self.phases[phase.name] = round(self._sampler.elapsed_s, 3)
        self._progress.begin(phase.name, steps)

    async def _everywhere(self, subjects: Sequence[Subject], step: Step) -> None:
        for subject in self._order.sample(subjects, len(subjects)):
            await self._attempt(subject, step)
            self._progress.advance()

    async def _attempt(self, subject: Subject, step: Step) -> None:
        if subject.failure is None:
            await attempt_within(self._limit, subject, step, self._current)

    async def _log_in(self, subject: Subject) -> None:
        session = self._plan.workload.session
        if session is None:
            return
        check_may_log_in(subject, session)
        subject.users = await self._generator_of(subject).log_in(subject.target.url, session)

    async def _first_requests(self, subject: Subject) -> None:
        for template in subject.requests(self._plan.workload):
            expect_answer(await self._single(subject, template))

    async def _warm_up(self, subject: Subject) -> None:
        """Send requests until their medians stay the same."""
        await subject.target.make_ready(self._plan.ready_for)
        for scenario in subject.scenarios(self._plan.workload):
            before: float | None = None
            for _ in range(WARM_UP_WINDOWS):
                block = await self._saturate(subject, scenario, self._plan.warm_up_s)
                self._capacities.warmed_up(subject, scenario, block)
                now = block.latency.p50_ms or math.inf
                if before is not None and abs(now - before) <= _WARM_CHANGE * before:
                    break
                if self._limit.is_used(WARM_UP_SHARE):
                    self._limit.leave_out("further windows of the warm-up")
                    break
                before = now

    async def _search_capacities(self) -> None:
        await self._phase("searching each target's capacity", self._capacities.passes)
        doubtful = self._capacities.doubtful(self._subjects)
        if doubtful and self._limit.is_used(BURSTS_SHARE):
            self._limit.leave_out("the repetition of implausible searches")
        elif doubtful:
            self._begin(Phase("repeating implausible searches"), len(doubtful))
            await self._everywhere(doubtful, self._capacities.repeat)

    async def _offer_for_search(self, subject: Subject, scenario: Scenario, rate_rps: float) -> Block:
        return await self._offer(subject, scenario, rate_rps, duration_s=self._plan.capacity_s, index=0)

    async def _saturate_for_search(self, subject: Subject, scenario: Scenario) -> Block:
        return await self._saturate(subject, scenario, self._plan.capacity_s)

    async def measure_steady_load(self) -> None:
        """Measure blocks in rounds, with a new random order in each, until there are enough valid pairs."""
        plan = self._plan
        self.rates_rps = chosen_rates(plan, self._subjects)
        running = [subject for subject in self._subjects if subject.failure is None]
        await asyncio.gather(*(attempt(subject, self._begin_steady) for subject in running))
        keys = [(scenario, rate_rps) for scenario, rates in self.rates_rps.items() for rate_rps in rates]
        blocks = plan.pairs * len(keys) * len(self._subjects)
        self.planned_blocks = plan.pairs * sum(len(self._subjects_of(scenario)) for scenario, _ in keys)
        left_s = self._limit.left_s
        durations_s = dict.fromkeys(keys, plan.block_s)
        notice = None
        if plan.budget_s is not None:
            size = {"pairs": plan.pairs, "subjects": len(self._subjects)}
            durations_s = block_durations_s(keys, **size, left_s=left_s, wants_p99=plan.wants_p99)
            if plan.wants_p99:
                notice = p99_notice(durations_s, **size, budget_s=plan.budget_s, left_s=left_s)
        self._begin(Phase("steady load"), blocks)
        if notice is not None:
            self._progress.say(notice)
        for index in itertools.count():
            if plan.budget_s is None and index == plan.pairs:
                break
            wanted = {key: lacking(self._subjects_of(key[0]), key, plan.pairs) for key in keys}
            if not any(wanted.values()):
                break
            for key in self._order.sample(keys, len(keys)):
                if len(wanted[key]) * durations_s[key] > self._limit.left_s:
                    self._limit.leave_out(f"blocks of the steady load from round {index + 1} on")
                    if index == 0:
                        remedy = "run without --quick" if plan.budget_s is None else "give a longer --budget"
                        self._progress.say(f"the other phases left too little time for the steady load; {remedy}")
                    return
                await self._everywhere(wanted[key], self._steady(key, durations_s[key], index))

    async def _begin_steady(self, subject: Subject) -> None:
        subject.begin_steady(await self._opened(subject))

    async def _opened(self, subject: Subject) -> int:
        """Return the number of connections that the target has opened so far; wait for the last ones to be counted."""
        if self._sampler is None or subject.is_deployed:
            return subject.reported_opens
        return await self._sampler.opened(subject.database)

    def _steady(self, key: tuple[Scenario, float], duration_s: float, index: int) -> Step:
        async def step(subject: Subject) -> None:
            handled = len(subject.target.handler_durations_ms)
            subject.opens.read(await self._opened_before_block(subject), key)
            subject.meter.begin(subject.target.process_ids)
            await self._sampled(subject, key, index, self._offer(subject, *key, duration_s=duration_s, index=index))
            subject.meter.end(subject.target.process_ids, subject.blocks[key][index].sent)
            subject.handler_durations_ms += subject.target.handler_durations_ms[handled:]

        return step

    async def _opened_before_block(self, subject: Subject) -> int:
        # The earlier block ended long enough ago, unless the target is the only one.
        if self._sampler is None or subject.is_deployed:
            return await self._opened(subject)
        return await self._sampler.sessions(subject.database)

    async def _offer(
        self, subject: Subject, scenario: Scenario, rate_rps: float, *, duration_s: float, index: int
    ) -> Block:
        return await self._generator_of(subject).steady(
            subject.target.url,
            subject.of_scenario(self._plan.workload, scenario),
            rate_rps=rate_rps,
            duration_s=duration_s,
            seed=self._seed + index,
            ledger=subject.ledger,
            users=subject.users,
        )

    async def _saturate(self, subject: Subject, scenario: Scenario, duration_s: float) -> Block:
        return await self._generator_of(subject).saturate(
            subject.target.url,
            subject.of_scenario(self._plan.workload, scenario),
            clients=self._plan.ready_for,
            duration_s=duration_s,
            seed=self._seed,
            ledger=subject.ledger,
            users=subject.users,
        )

    async def _cold_start(self, subject: Subject) -> None:
        if subject.is_deployed:
            return
        template = self._plan.workload.of_scenario("read")[0]
        subject.cold_starts.append(await subject.target.cold_start(lambda: self._single(subject, template)))

    async def _single(self, subject: Subject, template: RequestTemplate) -> Outcome:
        return await self._generator_of(subject).single(
            subject.target.url, template, ledger=subject.ledger, users=subject.users
        )

    def _generator_of(self, subject: Subject) -> LoadGenerator:
        return subject.generator or self._generator

    def _subjects_of(self, scenario: Scenario) -> list[Subject]:
        workload = self._plan.workload
        return [subject for subject in self._subjects if scenario in subject.scenarios(workload)]

    async def _sampled(self, subject: Subject, key: ScenarioKey, index: int, load: Awaitable[Block]) -> None:
        window = subject.window(self._sampler)
        others = OtherWork(subject.target.process_ids)
        block = await load
        block = replace(block, other_cpus=others.busy_cpus())
        subject.add(key, index, block, await window.stop())
        subject.target.check_running()
        check_wrong_share(subject)

    async def account(self, subject: Subject, read_keys: Callable[[str], Sequence[str]]) -> None:
        """Count the connections and check the rows of a stopped subject; violations fail it.

        `read_keys` returns the keys that the workload's query finds in the subject's database.
        """
        if self._sampler is None or subject.is_deployed:
            subject.take_reports()
            return
        subject.opened = await self._sampler.opened(subject.database)
        subject.end_steady(subject.opened)
        subject.transactions = await self._sampler.transactions(subject.database)
        subject.backends = self._sampler.timeline(subject.database)
        if self._plan.workload.rows is not None:
            check_rows(subject, read_keys(self._plan.workload.rows.keys_sql))
