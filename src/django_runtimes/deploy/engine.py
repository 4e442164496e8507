"""podman or docker: what builds and pushes the image."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.deploy.aws.images import RegistryLogin
from django_runtimes.deploy.errors import DeployError

# docker first: who has both mostly builds with it.
_NAMES = ("docker", "podman")
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


@dataclass(frozen=True)
class Engine:
    """One engine that is installed."""

    name: str
    program: str

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
        """What the engine knows of an image; DeployError when it has none of that name."""
        answer = subprocess.run(
            [self.program, "image", "inspect", reference], capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            raise DeployError(f"{self.name} has no image '{reference}'; run `webapp build`")
        description: dict[str, Any] = json.loads(answer.stdout)[0]
        return description

    def log_in(self, login: RegistryLogin) -> None:
        """Log in to a registry; DeployError with the engine's complaint."""
        answer = subprocess.run(
            [self.program, "login", "--username", login.user, "--password-stdin", login.registry],
            input=login.password,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise DeployError(f"{self.name} cannot log in to {login.registry}: {_last_line(answer.stderr)}")

    def push(self, reference: str, destination: str) -> None:
        """Push an image under another name, its progress to standard error."""
        self._show("tag", reference, destination)
        self._show("push", destination)

    def _show(self, *arguments: str) -> None:
        # Attestations make the image an index, which Lambda refuses; builders that know none ignore the variable.
        environ = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        exit_code = subprocess.run(
            [self.program, *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), env=environ, check=False
        ).returncode
        if exit_code != 0:
            raise DeployError(f"`{self.name} {arguments[0]}` ended with exit code {exit_code}; its last lines say why")


def find_engine() -> Engine:
    """The first engine that is installed and answers; DeployError with each one's complaint when none does."""
    complaints = []
    for name in _NAMES:
        program = shutil.which(name)
        if program is None:
            continue
        answer = subprocess.run([program, "info"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return Engine(name, program)
        complaints.append(f"{name} does not work: {_last_line(answer.stderr)}")
    if complaints:
        raise DeployError(f"{'; '.join(complaints)}; start it")
    raise DeployError(
        "neither docker nor podman is installed, and the image is built and pushed by one of them; install one, "
        "or name an image that is in the registry by --image sha256:…"
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
