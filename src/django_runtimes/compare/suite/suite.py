"""A project's suite: its runner and arguments, and the settings and variables that every profile shares."""

import os
from dataclasses import dataclass

from django_runtimes.cli.project.project import Project
from django_runtimes.cli.project.settings_check import LoadedSettings, load_settings, start_python
from django_runtimes.compare.codebase.own_variables import OwnVariables
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.suite.suite_environ import hosts_for_tests, suite_environ
from django_runtimes.compare.suite.suite_runner import SuiteRunner
from django_runtimes.config.databases.url import Address, parse_database_url
from django_runtimes.config.runtimes.runtime import Runtime

# Stands for the server that is started once the settings are known to load. Nothing connects to it.
_NOT_STARTED_YET = "postgresql://project@127.0.0.1:1/project"


@dataclass
class Suite:
    """What is run; `hosts` is known once the settings were checked."""

    project: Project
    runner: SuiteRunner
    arguments: tuple[str, ...]
    settings: str
    variables: OwnVariables
    hosts: dict[str, str] | None = None

    def environ(self, runtime: Runtime, database_url: str) -> dict[str, str]:
        """The variables of the suite's process."""
        environ = suite_environ(
            os.environ,
            self.variables.environ(database_url),
            settings=self.settings,
            database_url=database_url,
            runtime=runtime,
        )
        return environ | (self.hosts or {})

    def check_settings(self, runtime: Runtime, given_url: str | None) -> tuple[LoadedSettings, Address]:
        """What they say under this profile, with the address that they were given.

        ToolError where they do not load, or lead to another database.
        """
        url = given_url or _NOT_STARTED_YET
        if self.hosts is None:
            # Which hosts the project allows shows where no runtime demands more.
            self.hosts = hosts_for_tests(self._load(self.environ(Runtime.LOCAL, url)).allowed_hosts)
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
                start=lambda arguments, environ, *, log: start_python(arguments, environ, log=log, directory=directory),
            )
