"""Runs podman or docker."""

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
    """An installed engine, with the version that it reports."""

    name: str
    program: str
    version: str

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the engine and wait for up to a minute; ToolError if it does not answer.

        `text` is passed to its standard input.
        """
        try:
            return subprocess.run(
                [self.program, *arguments],
                # podman may leave files in its working directory.
                cwd="/",
                input="" if text is None else text,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(
                f"`{self.name} {arguments[0]}` did not answer within {_TIMEOUT_S:g} s; restart {self.name}"
            ) from None

    def inspect_image(self, reference: str) -> dict[str, Any] | None:
        """Return the engine's description of an image, or None if it has no image with that name."""
        inspected = self.run("image", "inspect", reference)
        if inspected.returncode != 0:
            return None
        description: dict[str, Any] = json.loads(inspected.stdout)[0]
        return description


def find_engines(names: Sequence[str]) -> tuple[tuple[ContainerEngine, ...], tuple[str, ...]]:
    """Return the engines with these names that work, in this order, and the errors of installed ones that do not.

    Both are empty if none is installed.
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
    """Return the last line of an engine's error output."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it wrote nothing"


def _installed(name: str) -> ContainerEngine | None:
    program = shutil.which(name)
    if program is None:
        return None
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    # The output is "podman version 4.3.1", for example, or "Docker version 28.2.2, build e6534b4".
    version = output.partition(" version ")[2].partition(",")[0].strip()
    return ContainerEngine(name, program, version or "unknown")
