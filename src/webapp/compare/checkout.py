"""The codebase of this checkout, run as child processes."""

import hashlib
import importlib.metadata
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from webapp.compare.codebase import MEASURED_PACKAGES, CodebaseRecord
from webapp.compare.environ import application_environ
from webapp.compare.preparation import start_command
from webapp.compare.processes import NICENESS
from webapp.compare.targets.aws_lambda.function import Function
from webapp.compare.targets.container import ContainerTarget
from webapp.compare.targets.function import LambdaTarget
from webapp.compare.targets.name import TargetName
from webapp.compare.targets.target import Target
from webapp.compare.workload import Application
from webapp.config.runtime import Runtime

_CHECKOUT = Path(__file__).parents[3]
_LOCK_FILE = _CHECKOUT / "requirements" / "serving.txt"


class Checkout:
    """Its processes write their logs and static files into `workspace`."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace

    def environ(self, application: Application, *, database_url: str) -> dict[str, str]:
        """The variables that it needs under every runtime."""
        return application_environ(application, database_url=database_url, static_root=self._workspace / "static")

    def start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """One of the application's management commands, with this Python."""
        return start_command(arguments, environ, log=log)

    def target(self, name: TargetName, environ: Mapping[str, str]) -> Target:
        """The codebase under one runtime, as processes without limits."""
        if name.runtime is Runtime.AWS_LAMBDA:
            function = Function(
                name=name.label.replace("_", "-"),
                handler="webapp.entrypoints.aws_lambda.handler",
                environ=environ,
                log_directory=self._workspace / name.label,
            )
            return LambdaTarget(function)
        return ContainerTarget(environ, log=self._workspace / f"{name.label}.log")

    def record(self) -> CodebaseRecord:
        """The commit, the lock file and what is installed here."""
        return CodebaseRecord(
            revision=_revision(),
            lock_file_sha256=hashlib.sha256(_LOCK_FILE.read_bytes()).hexdigest() if _LOCK_FILE.exists() else None,
            limits="no CPU or memory limit per target; all share the machine with the load generator, "
            f"which goes before them (niceness {NICENESS} lower)",
            python=platform.python_version(),
            packages={name: importlib.metadata.version(name) for name in MEASURED_PACKAGES},
            image=None,
        )


def _revision() -> str | None:
    """The commit that was measured, marked when files differ from it; None outside a checkout."""
    try:
        described = subprocess.run(
            ["git", "-C", str(_CHECKOUT), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
