"""A Lambda function whose execution environments are containers of the image."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from django_runtimes.compare.containers.container_limits import ContainerLimits
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.emulator.lambda_function import Function


@dataclass(frozen=True)
class ImageFunction(Function):
    """A function of package type image: its entry point becomes the runtime's client."""

    containers: Containers = field(kw_only=True)
    task_root: Path = Path("/var/task")
    # On Lambda making the container is no part of the init phase, and nobody waits for another's; here all of a
    # cold burst's wait for this machine's CPUs.
    init_timeout_s: float = 30.0

    def process_environ(self, *, runtime_api: str, log_stream: str) -> dict[str, str]:
        """As for any function, but for what an image sets itself: AWS_EXECUTION_ENV is not set, PATH is the image's."""
        environ = super().process_environ(runtime_api=runtime_api, log_stream=log_stream)
        return {name: value for name, value in environ.items() if name not in {"AWS_EXECUTION_ENV", "PATH"}}

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        """The client of a container that calls the Runtime API at host:port."""
        return self.containers.start(
            (),
            self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            limits=ContainerLimits.of_lambda(self.memory_mb),
            log=log,
        )

    @property
    def details(self) -> dict[str, str]:
        """The function's own, and its limits."""
        return {**super().details, "limits": str(ContainerLimits.of_lambda(self.memory_mb))}
