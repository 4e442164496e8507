"""The user's project, whose own function is started in the claims about starts."""

import os
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.cli.project.project import Project, find_project
from django_runtimes.compare.codebase.checkout import Checkout
from django_runtimes.compare.codebase.environ import target_environ
from django_runtimes.compare.codebase.own_variables import own_variables
from django_runtimes.compare.codebase.preparation import check_project_databases, prepare_application
from django_runtimes.compare.codebase.replaced_engine import require_measurable
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Workload
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import RUNTIME


@dataclass(frozen=True)
class ClaimProject:
    """A project and its workload, which names the settings and the commands that prepare the database."""

    project: Project
    workload: Workload

    @classmethod
    def at(cls, start: Path) -> "ClaimProject | None":
        """Return the project at or above `start`, or None without one that names a workload."""
        project = find_project(start)
        if project is None or project.workload is None:
            return None
        return cls(project, load_workload(project.workload, settings_module=os.environ.get("DJANGO_SETTINGS_MODULE")))

    @property
    def subject(self) -> str:
        """A description of the measured application."""
        return f"the project's own function ({self.workload.name})"

    @property
    def working_directory(self) -> Path:
        """The folder in which its processes run."""
        return self.project.working_directory

    def prepared_environ(
        self, name: TargetName, server: EmbeddedPostgres, database: str, workspace: Path
    ) -> dict[str, str]:
        """Migrate and fill the database, and return the variables of a process that serves the project as the target.

        Raise ToolError when the settings do not load, use another database or a command fails.
        """
        application = self.workload.application
        codebase = Checkout(workspace, self.project, own_variables(self.project, application.environment, os.environ))
        environ = codebase.environ(application, database_url=server.application_url(database))
        settings, _ = check_project_databases(
            {**environ, RUNTIME.name: Runtime.LOCAL.value},
            log=workspace / "settings.log",
            directory=self.project.directory,
            start=codebase.start_python,
            given=application.environment,
        )
        require_measurable(settings)
        create_named_objects(server, database, settings, parse_database_url(server.url(database)))
        prepare_application(application, environ, log=workspace / "prepare.log", start=codebase.start_command)
        return target_environ(name, environ, None)
