"""Runs one comparison, from starting the services to the result."""

import asyncio
import math
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.project.project import Project, project_at
from django_runtimes.compare.codebase.checkout import Checkout
from django_runtimes.compare.codebase.codebase import Codebase
from django_runtimes.compare.codebase.environ import proxied_url, target_environ
from django_runtimes.compare.codebase.image_codebase import ImageCodebase
from django_runtimes.compare.codebase.own_variables import OwnVariables, own_variables
from django_runtimes.compare.codebase.preparation import check_project_databases, prepare_application
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.containers.image import find_image
from django_runtimes.compare.containers.usable_engines import usable_engines
from django_runtimes.compare.diagnosis.diagnose import FailureDiagnosis
from django_runtimes.compare.diagnosis.masking import masked, secrets_of
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.run.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.connection_sampler import ConnectionSampler
from django_runtimes.compare.run.measurement import Measurement, attempt
from django_runtimes.compare.run.other_load import measure_other_load
from django_runtimes.compare.run.results import Run, TargetResult
from django_runtimes.compare.run.rows import found_keys
from django_runtimes.compare.run.run_record import record_environment
from django_runtimes.compare.run.subject import Subject, failed_result
from django_runtimes.compare.services.database_creation import create_database, database_name, drop_database
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import PostgresServer, postgres_server
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.workload.workload import Scenario
from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.config.runtimes.detection import detect_runtime


def run_comparison(plan: ComparisonPlan, progress: Progress, *, kept_logs: Path | None = None) -> Run:
    """Measure every target of the plan; the result includes failed targets with their cause.

    The complete logs of failed targets, without secrets, are written into the folder `kept_logs`. Call this function in
    the main thread. Ctrl-C during the measurement ends it early and keeps the measurements so far. Raise CompareError
    when nothing can be measured.
    """
    load = measure_other_load()
    if load.notice is not None:
        progress.say(load.notice)
    deadline_s = math.inf if plan.budget_s is None else time.monotonic() + plan.budget_s
    run_id = secrets.token_hex(4)
    with ExitStack() as stack:
        workspace = stack.enter_context(run_directory(account=None))
        project = project_at(Path.cwd())
        variables = own_variables(project, plan.workload.application.environment, os.environ)
        for notice in variables.notices:
            progress.say(notice)
        codebase = _open_codebase(stack, plan, workspace, project, variables)
        progress.say("starting PostgreSQL and preparing the application's database")
        server = stack.enter_context(postgres_server(plan.database_url))
        proxy, proxy_failure = _start_proxy(stack, plan, server)
        databases = _prepare_databases(
            stack,
            plan,
            codebase,
            server,
            run_id=run_id,
            workspace=workspace,
            project=project,
            progress=progress,
        )
        subjects = []
        details: dict[str, dict[str, str]] = {}
        for index, (name, database) in enumerate(zip(plan.targets, databases, strict=True)):
            if proxy is None and name.route is Route.PROXY:
                continue
            application = codebase.environ(plan.workload.application, database_url=server.application_url(database))
            environ = target_environ(name, application, proxy)
            if proxy is not None and name.route is Route.PROXY:
                environ["DATABASE_URL"] = proxied_url(environ["DATABASE_URL"], proxy)
            details[str(name)] = {"detected by": detect_runtime(environ).evidence}
            target = codebase.target(name, environ)
            subjects.append(
                Subject(name, database, Ledger(run_id, index), target, environ, has_limits=plan.image is not None)
            )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rates_rps, interrupted = runner.run(
                _measure(plan, subjects, server, progress, seed=int(run_id, 16), deadline_s=deadline_s)
            )
        diagnosis = FailureDiagnosis(
            codebase,
            workspace,
            [subject.examined for subject in subjects if subject.failure is None],
            kept=kept_logs,
        )
        results = {subject.name: _result(subject, diagnosis) for subject in subjects}
        for subject in subjects:
            details[str(subject.name)] |= subject.target.details
        return Run(
            environment=record_environment(
                plan,
                run_id=run_id,
                other_load=load,
                rates_rps=rates_rps,
                server=server,
                proxy=proxy,
                codebase=codebase.record(),
                targets=details,
                interrupted=interrupted,
            ),
            targets=tuple(results.get(name) or failed_result(name, proxy_failure) for name in plan.targets),
        )


def _result(subject: Subject, diagnosis: FailureDiagnosis) -> TargetResult:
    result = subject.result()
    if subject.failure is None:
        return result
    # The failure may quote the end of a log, which may contain secrets.
    result = replace(result, error=masked(subject.failure, secrets_of(subject.environ)))
    try:
        return replace(result, diagnosis=diagnosis.diagnose(subject.examined))
    except KeyboardInterrupt:
        # Everything is measured already; only this diagnosis is skipped.
        return result


def _open_codebase(
    stack: ExitStack, plan: ComparisonPlan, workspace: Path, project: Project, variables: OwnVariables
) -> Codebase:
    """Return the codebase of the plan, whose processes end with the stack."""
    if plan.image is None:
        return Checkout(workspace, project, variables)
    containers = stack.enter_context(Containers(find_image(plan.image, usable_engines()), workspace))
    return ImageCodebase(containers, variables)


def _start_proxy(stack: ExitStack, plan: ComparisonPlan, server: PostgresServer) -> tuple[PgBouncer | None, str]:
    """Start the proxy if a target needs it; return it, or None and the reason why it did not start."""
    if all(name.route is Route.DIRECT for name in plan.targets):
        return None, ""
    try:
        return stack.enter_context(PgBouncer(server)), ""
    except CompareError as error:
        return None, str(error)


def _prepare_databases(
    stack: ExitStack,
    plan: ComparisonPlan,
    codebase: Codebase,
    server: PostgresServer,
    *,
    run_id: str,
    workspace: Path,
    project: Project,
    progress: Progress,
) -> list[str]:
    """Create a copy of one migrated and filled database for each target; the stack drops the copies at its end."""
    template = f"webapp_{run_id}_template"
    create_database(server, template)
    stack.callback(drop_database, server, template)
    application = plan.workload.application
    environ = codebase.environ(application, database_url=server.application_url(template))
    # Check this first, since a command of the application could connect to another database.
    settings_log = workspace / "settings.log"
    _, notices = check_project_databases(
        environ, log=settings_log, directory=project.directory, start=codebase.start_python
    )
    for notice in notices:
        progress.say(notice)
    prepare_application(application, environ, log=workspace / "prepare.log", start=codebase.start_command)
    rows = plan.workload.rows
    if rows is not None and (leftovers := found_keys(server.url(template), rows.keys_sql)):
        raise CompareError(
            f"the workload's keys_sql finds {len(leftovers)} rows before anything was sent, such as {leftovers[0]!r}; "
            f"correct it to return only the rows of the workload's requests"
        )
    names = [database_name(run_id, index) for index in range(len(plan.targets))]
    for name in names:
        create_database(server, name, template=template)
        stack.callback(drop_database, server, name)
    return names


async def _measure(
    plan: ComparisonPlan,
    subjects: Sequence[Subject],
    server: PostgresServer,
    progress: Progress,
    *,
    seed: int,
    deadline_s: float,
) -> tuple[dict[Scenario, tuple[float, ...]], bool]:
    """Start, measure and stop the subjects, and check their rows.

    Return the rates of each scenario, and whether Ctrl-C ended the measurement early.
    """
    sampler = ConnectionSampler(server.administration_url, [subject.database for subject in subjects])
    interrupted = False
    async with LoadGenerator(host=plan.workload.application.host) as generator, sampler:
        measurement = Measurement(
            plan,
            subjects,
            generator=generator,
            sampler=sampler,
            progress=progress,
            seed=seed,
            deadline_s=deadline_s,
        )
        async with AsyncExitStack() as running:

            async def start(subject: Subject) -> None:
                await running.enter_async_context(subject.target)

            try:
                progress.begin("starting the targets", len(subjects))
                for subject in subjects:
                    await attempt(subject, start)
                    progress.advance()
                await measurement.run()
            except asyncio.CancelledError:
                # asyncio.Runner cancels the main task on the first Ctrl-C and raises KeyboardInterrupt on the second.
                interrupted = True
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
                progress.say("interrupted: stopping the targets and keeping the measurements so far")

        async def account(subject: Subject) -> None:
            await measurement.account(subject, server.url(subject.database))

        await asyncio.gather(*(attempt(subject, account) for subject in subjects))
    return measurement.rates_rps, interrupted
