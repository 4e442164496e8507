"""Builds and pushes the image by podman or docker."""

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

# docker first: who has both mostly builds with it.
_NAMES = ("docker", "podman")
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


@dataclass(frozen=True)
class ImageBuilder:
    """Builds and pushes by one engine."""

    engine: ContainerEngine

    @property
    def name(self) -> str:
        """The engine's."""
        return self.engine.name

    def build(
        self, directory: Path, reference: str, *, architecture: str, revision: str, arguments: Sequence[str]
    ) -> str:
        """Build the Dockerfile in `directory`, its output to standard error; the image's id.

        `architecture` is Lambda's name, `arguments` are the engine's own.
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
        """What the engine knows of an image; ToolError when it has none of that name."""
        description = self.engine.inspect_image(reference)
        if description is None:
            raise ToolError(f"{self.name} has no image '{reference}'; run `webapp build`")
        return description

    def log_in(self, login: RegistryLogin) -> None:
        """Log in to a registry; ToolError with the engine's complaint."""
        answer = self.engine.run(
            "login", "--username", login.user, "--password-stdin", login.registry, text=login.password
        )
        if answer.returncode != 0:
            raise ToolError(f"{self.name} cannot log in to {login.registry}: {last_line(answer.stderr)}")

    def push(self, reference: str, destination: str) -> None:
        """Push an image under another name, its progress to standard error."""
        self._show("tag", reference, destination)
        self._show("push", destination)

    def _show(self, *arguments: str) -> None:
        # Attestations make the image an index, which Lambda refuses; builders that know none ignore the variable.
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
    """A builder by the first engine that answers; ToolError with each one's complaint when none does."""
    usable, complaints = find_engines(_NAMES)
    if usable:
        return ImageBuilder(usable[0])
    if complaints:
        raise ToolError(f"{'; '.join(complaints)}; start it")
    raise ToolError(
        "neither docker nor podman is installed, and the image is built and pushed by one of them; install one, "
        "or name an image that is in the registry by --image sha256:…"
    )
