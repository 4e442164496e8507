"""A project's test suite: its runner, arguments, settings and variables."""

import os
from dataclasses import dataclass

from django_runtimes.cli.project.project import Project
from django_runtimes.cli.project.settings_check import LoadedSettings, load_settings, start_python
from django_runtimes.compare.codebase.own_variables import OwnVariables
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.suite.suite_environ import hosts_for_tests, static_files_for_tests, suite_environ
from django_runtimes.compare.suite.suite_runner import SuiteRunner
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.runtime import Runtime

# The settings are checked with this placeholder before the server is started; nothing connects to it.
_PLACEHOLDER_URL = "postgresql://project@127.0.0.1:1/project"


@dataclass
class Suite:
    """The suite to run under each profile; `adjustments` are set when the settings are first checked."""

    project: Project
    runner: SuiteRunner
    arguments: tuple[str, ...]
    settings: str
    variables: OwnVariables
    adjustments: dict[str, str] | None = None

    def environ(self, runtime: Runtime, database_url: str) -> dict[str, str]:
        """Return the variables of the suite's process."""
        environ = suite_environ(
            os.environ,
            self.variables.environ(database_url),
            settings=self.settings,
            database_url=database_url,
            runtime=runtime,
        )
        return environ | (self.adjustments or {})

    def check_settings(self, runtime: Runtime, given_url: str | None) -> tuple[LoadedSettings, Address]:
        """Load the settings under this profile, and return them with the address of the database that they got.

        Raise ToolError when they do not load, or use another database.
        """
        url = given_url or _PLACEHOLDER_URL
        if self.adjustments is None:
            # The settings are first loaded under `local`, which accepts any ALLOWED_HOSTS.
            found = self._load(self.environ(Runtime.LOCAL, url))
            self.adjustments = hosts_for_tests(found.allowed_hosts) | static_files_for_tests(found)
        settings, address = self._load(self.environ(runtime, url)), parse_database_url(url)
        settings.require_database(address)
        return settings, address

    def _load(self, environ: dict[str, str]) -> LoadedSettings:
        with run_directory(None) as workspace:
            directory = self.project.working_directory
            return load_settings(
                environ,
                log=workspace / "settings.log",
                directory=self.project.directory,
                given=self.variables.given,
                start=lambda arguments, environ, *, log: start_python(arguments, environ, log=log, directory=directory),
            )
