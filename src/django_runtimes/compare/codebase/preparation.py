"""Checks, migrates and fills the database that is copied for every target."""

import shlex
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from django_runtimes.cli import processes
from django_runtimes.cli.project.settings_check import LoadedSettings, StartPython, load_settings, start_python
from django_runtimes.compare.codebase.own_variables import database_notices
from django_runtimes.compare.codebase.replaced_engine import NO_REMEDIES, engine_notices
from django_runtimes.compare.compare_error import CommandFailedError
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.data_paths import Engine

# How many lines of a failed command's output are shown.
_SHOWN_LINES = 15


class StartCommand(Protocol):
    """Starts one of the application's management commands as a child that ends with the caller."""

    def __call__(self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """Return the child, whose exit code is the command's."""
        ...


def start_command(
    arguments: Sequence[str], environ: Mapping[str, str], *, log: Path, directory: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a management command of this checkout with this Python, in `directory` or the current one."""
    command = [sys.executable, "-m", "django_runtimes", *arguments]
    return processes.spawn(command, environ=environ, log=log, directory=directory)


def check_project_databases(
    environ: Mapping[str, str],
    *,
    log: Path,
    directory: Path,
    start: StartPython = start_python,
    given: Collection[str] = (),
    remedies: Mapping[Engine, str] = NO_REMEDIES,
) -> tuple[LoadedSettings, list[str]]:
    """Return the settings, with lines for an engine that was replaced and for each database on another server.

    `directory` is the project's, `given` are its own variables that the workload sets, and `remedies` say how to use
    its own engine. Raise ToolError when the settings do not load, replace a variable of this run, or `default` is not
    the database that DATABASE_URL names.
    """
    settings = load_settings(environ, log=log, directory=directory, start=start, given=given)
    address = parse_database_url(environ["DATABASE_URL"])
    settings.require_database(address)
    return settings, [
        *engine_notices(settings, address.engine, remedies),
        *database_notices(settings, address),
    ]


def prepare_application(
    application: Application, environ: Mapping[str, str], *, log: Path, start: StartCommand = start_command
) -> None:
    """Run `migrate` and then the workload's commands, each with an output file of its own beside `log`.

    Raise CommandFailedError, with the last lines of its output, for the first that fails.
    """
    for index, command in enumerate((("migrate", "--verbosity", "0"), *application.prepare)):
        output = log.with_name(f"{log.stem}-{index}{log.suffix}")
        process = start(command, environ, log=output)
        try:
            exit_code = process.wait(application.prepare_timeout_s)
        except subprocess.TimeoutExpired:
            raise CommandFailedError(
                f"`{shlex.join(command)}` did not end within {application.prepare_timeout_s:g} s; make it faster, or "
                "set prepare_timeout_s in [application] of the workload",
                _last_lines(output),
            ) from None
        finally:
            processes.stop(process)
        if exit_code != 0:
            raise CommandFailedError(
                f"`{shlex.join(command)}` ended with exit code {exit_code}: {processes.cause(output)}; "
                f"fix it, or the workload's settings_module and prepare",
                _last_lines(output),
            )


def _last_lines(output: Path) -> list[str]:
    lines = output.read_text(errors="replace").splitlines() if output.exists() else []
    return [line.rstrip() for line in lines if line.strip()][-_SHOWN_LINES:]
