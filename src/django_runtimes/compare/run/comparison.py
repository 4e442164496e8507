"""Runs one comparison, from starting the services to the result."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.diagnosis.diagnose import FailureDiagnosis
from django_runtimes.compare.diagnosis.masking import masked, secrets_of
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.meters.other_load import measure_other_load
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.run.deployed_subjects import deployed_subjects, read_cloudwatch
from django_runtimes.compare.run.emulation import Emulation, open_emulation
from django_runtimes.compare.run.measurement import Measurement
from django_runtimes.compare.run.phases.pin_passes import count_all_pins
from django_runtimes.compare.run.run_record import record_environment
from django_runtimes.compare.run.subject import Subject, failed_result
from django_runtimes.compare.run.subject_steps import attempt
from django_runtimes.compare.run.target_start import start_target
from django_runtimes.compare.run.time_limit import TimeLimit
from django_runtimes.compare.targets.name import TargetName


def run_comparison(plan: ComparisonPlan, progress: Progress, *, kept_logs: Path | None = None) -> Run:
    """Measure every target of the plan; the result includes failed targets with their cause.

    The complete logs of failed targets, without secrets, are written into the folder `kept_logs`. Call this function in
    the main thread. Ctrl-C during the measurement ends it early and keeps the measurements so far. Raise CompareError
    when nothing can be measured.
    """
    load = measure_other_load()
    if load.notice is not None:
        progress.say(load.notice)
    limit = TimeLimit(plan.limit_s if plan.budget_s is None else plan.budget_s)
    run_id = secrets.token_hex(4)
    with ExitStack() as stack:
        emulation = open_emulation(stack, plan, progress, run_id=run_id) if plan.targets else None
        subjects = [*(() if emulation is None else emulation.subjects), *deployed_subjects(plan, run_id)]
        started = datetime.now(UTC)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            measurement, interrupted = runner.run(
                _measure(plan, subjects, emulation, progress, run_id=run_id, limit=limit)
            )
        read_cloudwatch(subjects, started)
        results = _results(subjects, emulation, kept_logs)
        names: list[TargetName | DeployedName] = [*plan.targets, *(service.name for service in plan.deployed)]
        details = {str(subject.name): subject.details for subject in subjects}
        return Run(
            environment=record_environment(
                plan,
                run_id=run_id,
                other_load=load,
                rates_rps=measurement.rates_rps,
                phases=measurement.phases,
                planned_blocks=measurement.planned_blocks,
                emulation=emulation,
                targets=details,
                interrupted=interrupted,
                limit=limit,
            ),
            targets=tuple(
                results.get(str(name)) or failed_result(name, "" if emulation is None else emulation.failure_of(name))
                for name in names
            ),
        )


def _results(
    subjects: Sequence[Subject], emulation: Emulation | None, kept_logs: Path | None
) -> dict[str, TargetResult]:
    """Return the results by name; failed emulated targets have a diagnosis."""
    diagnosis = None
    if emulation is not None:
        worked = [subject.examined for subject in subjects if subject.failure is None and not subject.is_deployed]
        diagnosis = FailureDiagnosis(emulation.codebase, emulation.workspace, worked, kept=kept_logs)
    return {str(subject.name): _result(subject, diagnosis) for subject in subjects}


def _result(subject: Subject, diagnosis: FailureDiagnosis | None) -> TargetResult:
    result = subject.result()
    if subject.failure is None:
        return result
    if subject.deployment is not None or diagnosis is None:
        # The application could repeat a header in its answer.
        secrets = frozenset() if subject.deployment is None else subject.deployment.secrets
        return replace(result, error=masked(subject.failure, secrets))
    # The failure may quote the end of a log, which may contain secrets.
    result = replace(result, error=masked(subject.failure, secrets_of(subject.environ)))
    try:
        return replace(result, diagnosis=diagnosis.diagnose(subject.examined))
    except KeyboardInterrupt:
        # Everything is measured already; only this diagnosis is skipped.
        return result


async def _measure(
    plan: ComparisonPlan,
    subjects: Sequence[Subject],
    emulation: Emulation | None,
    progress: Progress,
    *,
    run_id: str,
    limit: TimeLimit,
) -> tuple[Measurement, bool]:
    """Start, measure and stop the subjects, and check their rows; return whether Ctrl-C ended this early, too."""
    interrupted = False
    async with AsyncExitStack() as stack:
        generator = await stack.enter_async_context(LoadGenerator(host=plan.workload.application.host))
        sampler = None
        if emulation is not None:
            databases = [subject.database for subject in emulation.subjects]
            sampler = ConnectionSampler(emulation.engine.counter(emulation.server), databases)
            await stack.enter_async_context(sampler)
        for subject in subjects:
            if subject.generator is not None:
                await stack.enter_async_context(subject.generator)
        measurement = Measurement(
            plan,
            subjects,
            generator=generator,
            sampler=sampler,
            progress=progress,
            seed=int(run_id, 16),
            limit=limit,
        )
        async with AsyncExitStack() as running:

            async def start(subject: Subject) -> None:
                # A limit without a budget leaves out the start-up.
                await start_target(subject, running, None if plan.budget_s is None else limit)

            try:
                progress.begin("starting the targets", len(subjects))
                for subject in subjects:
                    await attempt(subject, start)
                    progress.advance()
                if plan.budget_s is None:
                    limit.begin()
                await measurement.run()
            except asyncio.CancelledError:
                # asyncio.Runner cancels the main task on the first Ctrl-C and raises KeyboardInterrupt on the second.
                interrupted = True
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
                progress.say("interrupted: stopping the targets and keeping the measurements so far")

        async def account(subject: Subject) -> None:
            def read_keys(keys_sql: str) -> Sequence[str]:
                if emulation is None:
                    return ()
                return emulation.engine.found_keys(emulation.server.url(subject.database), keys_sql)

            await measurement.account(subject, read_keys)

        await asyncio.gather(*(attempt(subject, account) for subject in subjects))
        if emulation is not None and not interrupted:
            await count_all_pins(emulation, plan.workload, generator, progress, run_id=run_id, limit=limit)
    return measurement, interrupted
