"""Migrates and fills the database that every target gets a copy of."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from django_runtimes.cli import processes
from django_runtimes.compare.errors import CompareError
from django_runtimes.compare.workload.workload import Application

_LIMIT_S = 120.0


class StartCommand(Protocol):
    """Starts one of the application's management commands as a child that ends with the caller."""

    def __call__(self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """The child; its exit code is the command's."""
        ...


def start_command(
    arguments: Sequence[str], environ: Mapping[str, str], *, log: Path, directory: Path | None = None
) -> subprocess.Popen[bytes]:
    """One of this checkout's management commands, with this Python, in `directory` or else in the current one."""
    command = [sys.executable, "-m", "django_runtimes", *arguments]
    return processes.spawn(command, environ=environ, log=log, directory=directory)


def prepare_application(
    application: Application, environ: Mapping[str, str], *, log: Path, start: StartCommand = start_command
) -> None:
    """Run `migrate` and then the workload's commands; CompareError with the end of the first that fails."""
    for command in (("migrate", "--verbosity", "0"), *application.prepare):
        process = start(command, environ, log=log)
        try:
            exit_code = process.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise CompareError(
                f"`{' '.join(command)}` did not end within {_LIMIT_S:g} s; run it by hand with the workload's settings"
            ) from None
        finally:
            processes.stop(process)
        if exit_code != 0:
            raise CompareError(
                f"`{' '.join(command)}` ended with exit code {exit_code}: {processes.cause(log)}; "
                f"mend it, or the workload's settings_module and prepare"
            )
