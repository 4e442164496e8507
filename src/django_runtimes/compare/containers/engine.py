"""podman or docker: what runs containers on this machine."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from django_runtimes.cli import processes
from django_runtimes.compare.errors import CompareError

# podman first: its containers are its own children, and need no daemon.
_NAMES = ("podman", "docker")
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Engine:
    """One engine that is installed; `version` is what it says of itself."""

    name: str
    program: str
    version: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ask the engine something and wait, for a minute at most; CompareError when it does not answer."""
        try:
            return subprocess.run(
                [self.program, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, cwd="/"
            )
        except subprocess.TimeoutExpired:
            raise CompareError(
                f"`{self.name} {arguments[0]}` does not answer within {_TIMEOUT_S:g} s; restart {self.name}"
            ) from None

    def inspect_image(self, reference: str) -> dict[str, Any] | None:
        """What the engine knows of an image; None when it has none of that name."""
        inspected = self.run("image", "inspect", reference)
        if inspected.returncode != 0:
            return None
        description: dict[str, Any] = json.loads(inspected.stdout)[0]
        return description


def usable_engines() -> tuple[Engine, ...]:
    """The engines that answer, one at least; CompareError with each one's complaint when none does."""
    if sys.platform != "linux":
        raise CompareError(
            f"--image needs containers on this machine's own network, which Linux has and {sys.platform} has not; "
            "leave --image out"
        )
    installed = tuple(engine for name in _NAMES if (engine := _installed(name)) is not None)
    if not installed:
        raise CompareError("--image needs podman or docker, and neither is installed; install one, or leave it out")
    usable, complaints = [], []
    for engine in installed:
        listed = engine.run("ps", "--quiet")
        if listed.returncode == 0:
            usable.append(engine)
        else:
            complaints.append(f"{engine.name} does not work: {_last_line(listed.stderr)}")
    if not usable:
        raise CompareError(f"--image cannot be run: {'; '.join(complaints)}; start the engine, or leave --image out")
    return tuple(usable)


def _installed(name: str) -> Engine | None:
    program = processes.find_program(name)
    if program is None:
        return None
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    # Such as "podman version 4.3.1" and "Docker version 28.2.2, build e6534b4".
    version = output.partition(" version ")[2].partition(",")[0].strip()
    return Engine(name, program, version or "unknown")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
