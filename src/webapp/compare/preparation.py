"""Migrates and fills the database that every target gets a copy of."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from webapp.compare import processes
from webapp.compare.errors import CompareError
from webapp.compare.workload import Application

_LIMIT_S = 120.0


def prepare_application(application: Application, environ: Mapping[str, str], *, log: Path) -> None:
    """Run `migrate` and then the workload's commands; CompareError with the end of the first that fails."""
    for command in (("migrate", "--verbosity", "0"), *application.prepare):
        process = processes.spawn([sys.executable, "-m", "webapp", *command], environ=environ, log=log)
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
