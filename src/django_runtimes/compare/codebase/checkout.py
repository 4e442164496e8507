"""Runs the codebase in the project's folder as child processes."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from django_runtimes.cli.processes import NICENESS
from django_runtimes.cli.project.project import Project
from django_runtimes.cli.project.settings_check import start_python
from django_runtimes.compare.codebase.codebase import CodebaseRecord
from django_runtimes.compare.codebase.environ import application_environ
from django_runtimes.compare.codebase.own_variables import OwnVariables
from django_runtimes.compare.codebase.preparation import start_command
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.limited_freezer import limited_freezer
from django_runtimes.compare.record.measured_packages import MEASURED_PACKAGES
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.managed_target import ManagedTarget, managed_processes
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import Target
from django_runtimes.compare.targets.target_server import CheckoutServer
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.values.runtime import Runtime

# This path is relative to the project's folder.
_LOCK_FILE = Path("requirements", "serving.txt")


class Checkout:
    """The project, run in the folder of its manage.py; logs and static files go to `workspace`."""

    def __init__(self, workspace: Path, project: Project, variables: OwnVariables) -> None:
        self._workspace = workspace
        self._project = project
        self._variables = variables

    def environ(self, application: Application, *, database_url: str) -> dict[str, str]:
        """Return the variables that the application needs under every runtime."""
        environ = application_environ(application, database_url=database_url, static_root=self._workspace / "static")
        environ.setdefault("PYTHONPATH", str(self._project.import_root))
        return {**self._variables.environ(database_url), **environ}

    def start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a management command of the application with this Python."""
        return start_command(arguments, environ, log=log, directory=self._project.working_directory)

    def start_python(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start this Python in the folder where the project's processes run."""
        return start_python(arguments, environ, log=log, directory=self._project.working_directory)

    def target(self, name: TargetName, environ: Mapping[str, str]) -> Target:
        """Return a target that runs the codebase under one runtime; only a memory size limits its processes."""
        if name.runtime is Runtime.AWS_LAMBDA:
            function = Function(
                name=name.label.replace("_", "-"),
                handler="django_runtimes.entrypoints.aws_lambda.handler",
                environ=environ,
                log_directory=self._workspace / name.label,
                task_root=self._project.working_directory,
                snap_start=name.snap_start,
                processes=managed_processes(os.environ) if name.managed else None,
            )
            if name.managed:
                return ManagedTarget(function)
            if name.memory_mb is None:
                return LambdaTarget(function)
            limited = function.limited(name.memory_mb)
            return LambdaTarget(limited, freezer=limited_freezer(ContainerLimits.of_lambda(name.memory_mb)))
        server = CheckoutServer(self._project.working_directory)
        return ContainerTarget(environ, log=self._workspace / f"{name.label}.log", server=server)

    def record(self) -> CodebaseRecord:
        """Return the commit, the hash of the lock file and the installed packages."""
        lock_file = self._project.directory / _LOCK_FILE
        return CodebaseRecord(
            revision=_revision(self._project.directory),
            lock_file_sha256=hashlib.sha256(lock_file.read_bytes()).hexdigest() if lock_file.exists() else None,
            limits="no CPU or memory limit, except for targets with a memory size (@MB); all share the machine with "
            "the load generator, "
            f"which has a higher priority (niceness {NICENESS} lower)",
            python=platform.python_version(),
            packages={name: importlib.metadata.version(name) for name in MEASURED_PACKAGES},
            image=None,
        )


def _revision(directory: Path) -> str | None:
    """Return the measured commit, marked `-dirty` when files differ from it; None outside a checkout."""
    try:
        described = subprocess.run(
            ["git", "-C", str(directory), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
