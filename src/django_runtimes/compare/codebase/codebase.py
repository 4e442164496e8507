"""The protocol of a codebase that is measured: this checkout, or an image built from one."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import Target
from django_runtimes.compare.workload.workload import Application


@dataclass(frozen=True)
class CodebaseRecord:
    """The codebase as the run's record describes it; unknown values are None, and so is `image` for a checkout."""

    revision: str | None
    lock_file_sha256: str | None
    limits: str
    python: str
    packages: Mapping[str, str | None]
    image: Mapping[str, Any] | None


class Codebase(Protocol):
    """One Django codebase that every target runs."""

    def environ(self, application: Application, *, database_url: str) -> dict[str, str]:
        """Return the variables that the application needs under every runtime."""
        ...

    def start_command(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a management command of the application, which ends with the caller."""
        ...

    def start_python(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start Python where the application's modules are importable; it ends with the caller."""
        ...

    def target(self, name: TargetName, environ: Mapping[str, str]) -> Target:
        """Return a target that runs the codebase under one runtime."""
        ...

    def record(self) -> CodebaseRecord:
        """Return the facts that a reader needs to judge or repeat a run."""
        ...
