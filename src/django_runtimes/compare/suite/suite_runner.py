"""Chooses the runner of a project's suite: pytest with pytest-django, else Django's `test` command."""

import importlib.util
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.cli.project.project import Project
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.suite import django_suite
from django_runtimes.compare.suite.django_suite import FOUND_NO_TESTS
from django_runtimes.compare.suite.pytest_configuration import find_pytest_configuration, settings_option

PYTEST, DJANGO = "pytest", "django"
RUNNERS = (PYTEST, DJANGO)
_SETTINGS_OPTION = re.compile(r"(?:^|\s)--settings[=\s]\s*([\w.]+)")


@dataclass(frozen=True)
class SuiteRunner:
    """A command, its working directory, and the settings module that the project uses for tests, if any."""

    name: str
    command: tuple[str, ...]
    directory: Path
    settings: str | None

    def settings_of(self, arguments: Sequence[str]) -> str | None:
        """Return the settings module in the runner's arguments, if any."""
        if self.name == PYTEST:
            return settings_option(arguments)
        found = _SETTINGS_OPTION.search(" ".join(arguments))
        return None if found is None else found[1]

    def meaning(self, exit_code: int) -> str:
        """Return an exit code in words, for the summary."""
        if exit_code == 0:
            return "passed"
        return "found no tests" if exit_code == FOUND_NO_TESTS else f"failed with exit code {exit_code}"


def choose_runner(project: Project, wanted: str | None) -> SuiteRunner:
    """Return the runner that `wanted` names, else the one that the project's configuration implies.

    Raise UsageError when that needs pytest-django, which is not installed.
    """
    folders = dict.fromkeys((project.working_directory, project.directory))
    configuration = find_pytest_configuration(folders)
    is_installed = importlib.util.find_spec("pytest_django") is not None
    names_settings = configuration is not None and configuration.settings is not None
    uses_pytest = wanted == PYTEST or (wanted is None and configuration is not None and is_installed)
    if not is_installed and (wanted == PYTEST or (wanted is None and names_settings)):
        reason = "--runner pytest" if configuration is None else str(configuration.path)
        raise UsageError(f"{reason} needs pytest-django, which {sys.executable} lacks; install pytest-django there")
    if uses_pytest:
        directory = project.working_directory if configuration is None else configuration.path.parent
        settings = None if configuration is None else configuration.settings
        return SuiteRunner(PYTEST, (sys.executable, "-m", "pytest"), directory, settings)
    program = "django" if project.manage is None else str(project.manage)
    command = (sys.executable, "-m", django_suite.__name__, program, "test")
    return SuiteRunner(DJANGO, command, project.working_directory, None)
