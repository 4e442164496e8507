"""Starts the services and prepares the emulated targets of a run."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

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
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.limited_freezer import limited_freezer
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.rows import found_keys
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.services.database_creation import create_database, database_name, drop_database
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres, PostgresServer, postgres_server
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import RUNTIME


@dataclass(frozen=True)
class Emulation:
    """The services on this machine and the subjects that use them; without a proxy, `proxy_failure` has the reason."""

    workspace: Path
    codebase: Codebase
    server: PostgresServer
    proxy: PgBouncer | None
    proxy_failure: str
    subjects: list[Subject]


def open_emulation(stack: ExitStack, plan: ComparisonPlan, progress: Progress, *, run_id: str) -> Emulation:
    """Start PostgreSQL and the proxy, and give each target a database; the stack ends everything."""
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
    for index, (name, database) in enumerate(zip(plan.targets, databases, strict=True)):
        if proxy is None and name.route is Route.PROXY:
            continue
        application = codebase.environ(plan.workload.application, database_url=server.application_url(database))
        environ = target_environ(name, application, proxy)
        if proxy is not None and name.route is Route.PROXY:
            environ["DATABASE_URL"] = proxied_url(environ["DATABASE_URL"], proxy)
        target = codebase.target(name, environ)
        subjects.append(
            Subject(name, database, Ledger(run_id, index), target, environ, has_limits=plan.image is not None)
        )
    return Emulation(workspace, codebase, server, proxy, proxy_failure, subjects)


def _open_codebase(
    stack: ExitStack, plan: ComparisonPlan, workspace: Path, project: Project, variables: OwnVariables
) -> Codebase:
    """Return the codebase of the plan, whose processes end with the stack."""
    if plan.image is None:
        for name in plan.targets:
            # Where limits are impossible, nothing should be started.
            if name.memory_mb is not None:
                limited_freezer(ContainerLimits.of_lambda(name.memory_mb)).close()
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
    settings, notices = check_project_databases(
        # Each target gets a runtime of its own, so the settings must not replace it.
        {**environ, RUNTIME.name: Runtime.LOCAL.value},
        log=settings_log,
        directory=project.directory,
        start=codebase.start_python,
        given=application.environment,
    )
    if isinstance(server, EmbeddedPostgres):
        notices += create_named_objects(server, template, settings, parse_database_url(server.url(template)))
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
