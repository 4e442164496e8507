"""A Lambda function whose execution environments are containers of the image."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.lambda_function import Function


@dataclass(frozen=True)
class ImageFunction(Function):
    """A function of package type image, whose entry point starts the runtime client."""

    has_engine: ClassVar[bool] = True
    containers: Containers = field(kw_only=True)
    task_root: Path = Path("/var/task")
    # On Lambda the init phase does not include creating the container. Here it does, and all containers of a cold burst
    # share this machine's CPUs.
    init_timeout_s: float = 30.0

    def process_environ(self, *, runtime_api: str, log_stream: str) -> dict[str, str]:
        """Return a function's variables, except AWS_EXECUTION_ENV, which images lack, and PATH, which they set."""
        environ = super().process_environ(runtime_api=runtime_api, log_stream=log_stream)
        return {name: value for name, value in environ.items() if name not in {"AWS_EXECUTION_ENV", "PATH"}}

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        """Start a container that calls the Runtime API at host:port, and return its client."""
        return self.containers.start(
            (),
            self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            limits=ContainerLimits.of_lambda(self.memory_mb),
            log=log,
        )

    def process_ids(self, pids: Sequence[int]) -> Sequence[int]:
        """Return the first process of each container that belongs to one of these clients."""
        return self.containers.process_ids(pids)

    @property
    def details(self) -> dict[str, str]:
        """The function's details and its limits, for the run's record."""
        return {**super().details, "limits": str(ContainerLimits.of_lambda(self.memory_mb))}
