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
from django_runtimes.compare.codebase.environ import streaming_environ
from django_runtimes.compare.codebase.image_codebase import ImageCodebase
from django_runtimes.compare.codebase.own_variables import OwnVariables, own_variables
from django_runtimes.compare.codebase.preparation import check_project_databases, prepare_application
from django_runtimes.compare.codebase.replaced_engine import require_measurable
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.containers.image import find_image
from django_runtimes.compare.containers.usable_engines import usable_engines
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.limited_freezer import limited_freezer
from django_runtimes.compare.engines.compared_engine import ComparedEngine, DatabaseServer
from django_runtimes.compare.engines.compared_engines import COMPARED_ENGINES
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.meters.pool_wait_files import read_pool_waits
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.route_servers import RouteServers, start_route_servers
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.services.database_creation import database_name
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.values.connection_strategy import Strategy
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import POOL_WAITS_DIRECTORY, RUNTIME

_REMEDIES = {
    Engine.MYSQL: "measure it with --engine mysql",
    Engine.POSTGRESQL: "leave out --engine mysql and @mysql to measure it",
}


@dataclass(frozen=True)
class Emulation:
    """The services on this machine and the subjects that use them."""

    workspace: Path
    codebase: Codebase
    engine: ComparedEngine
    server: DatabaseServer
    routes: RouteServers
    subjects: list[Subject]
    application: Application
    # The migrated and filled database, of which each target has a copy.
    template: str
    # Whether the workload has streams, which the emulated function URL then takes.
    has_streams: bool = False

    def environ(self, name: TargetName, database: str) -> dict[str, str]:
        """Return the variables of a target's processes with this database."""
        own = self.codebase.environ(self.application, database_url=self.server.application_url(database))
        environ = self.routes.environ(name, own, database)
        return streaming_environ(name, environ) if self.has_streams else environ

    def failure_of(self, name: TargetName | DeployedName) -> str:
        """Return why the server of a target's route did not start; empty if it did."""
        return self.routes.failures.get(name.route, "")


def open_emulation(stack: ExitStack, plan: ComparisonPlan, progress: Progress, *, run_id: str) -> Emulation:
    """Start the database server and the proxy, and give each target a database; the stack ends everything."""
    engine = COMPARED_ENGINES[plan.engine]
    # A refused URL is reported before anything is started.
    opened = engine.open_server(plan.database_url)
    workspace = stack.enter_context(run_directory(account=None))
    project = project_at(Path.cwd())
    variables = own_variables(project, plan.workload.application.environment, os.environ)
    for notice in variables.notices:
        progress.say(notice)
    codebase = _open_codebase(stack, plan, workspace, project, variables)
    progress.say(f"starting {engine.product} and preparing the application's database")
    server = stack.enter_context(opened)
    routes = start_route_servers(stack, plan.targets, server)
    template = f"webapp_{run_id}_template"
    databases = _prepare_databases(
        stack,
        plan,
        codebase,
        server,
        template,
        engine=engine,
        run_id=run_id,
        workspace=workspace,
        project=project,
        progress=progress,
    )
    emulation = Emulation(
        workspace,
        codebase,
        engine,
        server,
        routes,
        [],
        plan.workload.application,
        template,
        has_streams=bool(plan.workload.streams),
    )
    for index, (name, database) in enumerate(zip(plan.targets, databases, strict=True)):
        if name.route in routes.failures:
            continue
        environ = emulation.environ(name, database)
        read_waits = _wait_reader(name, database, routes, environ, workspace)
        target = codebase.target(name, environ)
        emulation.subjects.append(
            Subject(
                name,
                database,
                Ledger(run_id, index),
                target,
                environ,
                read_waits=read_waits,
                read_calls=routes.call_reader(name, database),
            )
        )
    return emulation


def _wait_reader(
    name: TargetName, database: str, routes: RouteServers, environ: dict[str, str], workspace: Path
) -> Callable[[], WaitCounts] | None:
    """Return what reads the waits of a target for its proxy or its pool, whose processes must keep them."""
    if name.strategy is Strategy.POOL:
        directory = workspace / "pool waits" / name.label
        directory.mkdir(parents=True)
        # The processes of an image have another user. The workspace is private.
        directory.chmod(0o777)
        environ[POOL_WAITS_DIRECTORY.name] = str(directory)
        return partial(read_pool_waits, directory)
    return routes.wait_reader(name, database)


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


def _prepare_databases(
    stack: ExitStack,
    plan: ComparisonPlan,
    codebase: Codebase,
    server: DatabaseServer,
    template: str,
    *,
    engine: ComparedEngine,
    run_id: str,
    workspace: Path,
    project: Project,
    progress: Progress,
) -> list[str]:
    """Create a copy of one migrated and filled database for each target; the stack drops the copies at its end."""
    engine.create_database(server, template)
    stack.callback(engine.drop_database, server, template)
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
        remedies=_REMEDIES,
    )
    require_measurable(settings)
    for notice in (*notices, *engine.prepare(server, template, settings)):
        progress.say(notice)
    prepare_application(application, environ, log=workspace / "prepare.log", start=codebase.start_command)
    rows = plan.workload.rows
    if rows is not None and (leftovers := engine.found_keys(server.url(template), rows.keys_sql)):
        raise CompareError(
            f"the workload's keys_sql finds {len(leftovers)} rows before anything was sent, such as {leftovers[0]!r}; "
            f"correct it to return only the rows of the workload's requests"
        )
    names = [database_name(run_id, index) for index in range(len(plan.targets))]
    for name in names:
        engine.create_database(server, name, template=template)
        stack.callback(engine.drop_database, server, name)
    return names
