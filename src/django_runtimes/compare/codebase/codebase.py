"""What is measured, and how its processes start: this checkout, or an image built from one."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import Target
from django_runtimes.compare.workload.workload import Application

MEASURED_PACKAGES = ("django", "mangum", "awslambdaric", "uvicorn", "gunicorn", "psycopg", "psycopg-pool")


@dataclass(frozen=True)
class CodebaseRecord:
    """What the run's record says of what was measured; None where it is not known, `image` where there is none."""

    revision: str | None
    lock_file_sha256: str | None
    limits: str
    python: str
    packages: Mapping[str, str | None]
    image: Mapping[str, Any] | None


class Codebase(Protocol):
    """One Django codebase that every target runs."""

    def environ(self, application: Application, *, database_url: str) -> dict[str, str]:
        """The variables that it needs under every runtime."""
        ...

    def start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """One of the application's management commands, which ends with the caller."""
        ...

    def start_python(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Python where the application's modules are, which ends with the caller."""
        ...

    def target(self, name: TargetName, environ: Mapping[str, str]) -> Target:
        """The codebase under one runtime."""
        ...

    def record(self) -> CodebaseRecord:
        """What a reader needs to judge or to repeat a run of it."""
        ...
