"""Starts the services and prepares the emulated targets of a run."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.project.project import Project, project_at
from django_runtimes.compare.analysis.wait_counts import WaitCounts
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
from django_runtimes.compare.meters.pool_wait_files import read_pool_waits
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.rows import found_keys
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.services.database_creation import create_database, database_name, drop_database
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres, PostgresServer, postgres_server
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.connection_strategy import Route, Strategy
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import POOL_WAITS_DIRECTORY, RUNTIME
from django_runtimes.config.variables.database.database_address import DATABASE_URL


@dataclass(frozen=True)
class Emulation:
    """The services on this machine and the subjects that use them; without a proxy, `proxy_failure` has the reason."""

    workspace: Path
    codebase: Codebase
    server: PostgresServer
    proxy: PgBouncer | None
    proxy_failure: str
    subjects: list[Subject]
    application: Application
    # The migrated and filled database, of which each target has a copy.
    template: str

    def environ(self, name: TargetName, database: str) -> dict[str, str]:
        """Return the variables of a target's processes with this database."""
        own = self.codebase.environ(self.application, database_url=self.server.application_url(database))
        environ = target_environ(name, own, self.proxy)
        if self.proxy is not None and name.route is Route.PROXY:
            environ[DATABASE_URL.name] = proxied_url(environ[DATABASE_URL.name], self.proxy)
        return environ


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
    template = f"webapp_{run_id}_template"
    databases = _prepare_databases(
        stack,
        plan,
        codebase,
        server,
        template,
        run_id=run_id,
        workspace=workspace,
        project=project,
        progress=progress,
    )
    emulation = Emulation(workspace, codebase, server, proxy, proxy_failure, [], plan.workload.application, template)
    for index, (name, database) in enumerate(zip(plan.targets, databases, strict=True)):
        if proxy is None and name.route is Route.PROXY:
            continue
        environ = emulation.environ(name, database)
        read_waits = _wait_reader(name, database, proxy, environ, workspace)
        target = codebase.target(name, environ)
        emulation.subjects.append(
            Subject(
                name,
                database,
                Ledger(run_id, index),
                target,
                environ,
                has_limits=plan.image is not None,
                read_waits=read_waits,
            )
        )
    return emulation


def _wait_reader(
    name: TargetName, database: str, proxy: PgBouncer | None, environ: dict[str, str], workspace: Path
) -> Callable[[], WaitCounts] | None:
    """Return what reads the waits of a target for its proxy or its pool, whose processes must keep them."""
    if name.strategy is Strategy.POOL:
        directory = workspace / "pool waits" / name.label
        directory.mkdir(parents=True)
        # The processes of an image have another user. The workspace is private.
        directory.chmod(0o777)
        environ[POOL_WAITS_DIRECTORY.name] = str(directory)
        return partial(read_pool_waits, directory)
    return partial(proxy.waits, database) if proxy is not None and name.route is Route.PROXY else None


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
    template: str,
    *,
    run_id: str,
    workspace: Path,
    project: Project,
    progress: Progress,
) -> list[str]:
    """Create a copy of one migrated and filled database for each target; the stack drops the copies at its end."""
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
