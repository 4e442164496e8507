"""Builds and pushes the image with podman or docker."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.container_engine import ContainerEngine, find_engines, last_line
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.images import RegistryLogin

# docker comes first, since most people who have both build with docker.
_NAMES = ("docker", "podman")
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


@dataclass(frozen=True)
class ImageBuilder:
    """Builds and pushes with one container engine."""

    engine: ContainerEngine

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    def build(
        self, directory: Path, reference: str, *, architecture: str, revision: str, arguments: Sequence[str]
    ) -> str:
        """Build the Dockerfile in `directory`, with output on standard error, and return the image's id.

        `architecture` is Lambda's name for the processor architecture, and `arguments` are passed to the engine.
        """
        self._show(
            "build",
            *("--platform", _PLATFORMS[architecture.lower()]),
            *("--label", f"org.opencontainers.image.revision={revision}"),
            *("--tag", reference),
            *arguments,
            str(directory),
        )
        image_id: str = self.inspect(reference)["Id"]
        return image_id.removeprefix("sha256:")

    def inspect(self, reference: str) -> dict[str, Any]:
        """Return the engine's description of an image; raise ToolError if it has no image with that name."""
        description = self.engine.inspect_image(reference)
        if description is None:
            raise ToolError(f"{self.name} has no image '{reference}'; run `webapp build`")
        return description

    def log_in(self, login: RegistryLogin) -> None:
        """Log in to a registry; raise ToolError with the engine's message if that fails."""
        answer = self.engine.run(
            "login", "--username", login.user, "--password-stdin", login.registry, text=login.password
        )
        if answer.returncode != 0:
            raise ToolError(f"{self.name} cannot log in to {login.registry}: {last_line(answer.stderr)}")

    def push(self, reference: str, destination: str) -> None:
        """Push an image under another name, with progress on standard error."""
        self._show("tag", reference, destination)
        self._show("push", destination)

    def _show(self, *arguments: str) -> None:
        # Attestations make the image an index, which Lambda refuses. Builders without attestations ignore the variable.
        environ = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        exit_code = subprocess.run(
            [self.engine.program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            env=environ,
            check=False,
        ).returncode
        if exit_code != 0:
            raise ToolError(f"`{self.name} {arguments[0]}` ended with exit code {exit_code}; its last lines say why")


def find_builder() -> ImageBuilder:
    """Return a builder with the first engine that works; raise ToolError with each engine's message if none does."""
    usable, complaints = find_engines(_NAMES)
    if usable:
        return ImageBuilder(usable[0])
    if complaints:
        raise ToolError(f"{'; '.join(complaints)}; start it")
    raise ToolError(
        "neither docker nor podman is installed, but one of them must build and push the image; install one, "
        "or name an image in the registry with --image sha256:…"
    )
