"""The container engines that can run the image for a comparison."""

import sys

from django_runtimes.cli.container_engine import ContainerEngine, find_engines
from django_runtimes.compare.compare_error import CompareError

# podman first: its containers are its own children, and need no daemon.
_NAMES = ("podman", "docker")


def usable_engines() -> tuple[ContainerEngine, ...]:
    """The engines that answer, one at least; CompareError with each one's complaint when none does."""
    if sys.platform != "linux":
        raise CompareError(
            f"--image needs containers on this machine's own network, which Linux has and {sys.platform} has not; "
            "leave --image out"
        )
    usable, complaints = find_engines(_NAMES)
    if usable:
        return usable
    if complaints:
        raise CompareError(f"--image cannot be run: {'; '.join(complaints)}; start the engine, or leave --image out")
    raise CompareError("--image needs podman or docker, and neither is installed; install one, or leave it out")
