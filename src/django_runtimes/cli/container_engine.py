"""podman or docker: what builds, pushes and runs containers."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django_runtimes.cli.tool_error import ToolError

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class ContainerEngine:
    """One engine that is installed; `version` is what it says of itself."""

    name: str
    program: str
    version: str

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Ask the engine something and wait, for a minute at most; ToolError when it does not answer.

        `text` goes to its standard input.
        """
        try:
            return subprocess.run(
                [self.program, *arguments],
                # podman may leave files in the directory it runs in.
                cwd="/",
                input="" if text is None else text,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(
                f"`{self.name} {arguments[0]}` does not answer within {_TIMEOUT_S:g} s; restart {self.name}"
            ) from None

    def inspect_image(self, reference: str) -> dict[str, Any] | None:
        """What the engine knows of an image; None when it has none of that name."""
        inspected = self.run("image", "inspect", reference)
        if inspected.returncode != 0:
            return None
        description: dict[str, Any] = json.loads(inspected.stdout)[0]
        return description


def find_engines(names: Sequence[str]) -> tuple[tuple[ContainerEngine, ...], tuple[str, ...]]:
    """The engines of these names that answer, in this order, and the complaint of each that is installed and does not.

    Both are empty when none is installed.
    """
    usable, complaints = [], []
    for name in names:
        engine = _installed(name)
        if engine is None:
            continue
        try:
            listed = engine.run("ps", "--quiet")
        except ToolError as error:
            complaints.append(str(error))
            continue
        if listed.returncode == 0:
            usable.append(engine)
        else:
            complaints.append(f"{name} does not work: {last_line(listed.stderr)}")
    return tuple(usable), tuple(complaints)


def last_line(text: str) -> str:
    """The last line of an engine's complaint."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"


def _installed(name: str) -> ContainerEngine | None:
    program = shutil.which(name)
    if program is None:
        return None
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    # Such as "podman version 4.3.1" and "Docker version 28.2.2, build e6534b4".
    version = output.partition(" version ")[2].partition(",")[0].strip()
    return ContainerEngine(name, program, version or "unknown")
