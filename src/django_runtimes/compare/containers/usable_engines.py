"""Finds the container engines that can run an image for a comparison."""

import sys

from django_runtimes.cli.container_engine import ContainerEngine, find_engines
from django_runtimes.compare.compare_error import CompareError

# podman comes first, since its containers are its children and need no daemon.
_NAMES = ("podman", "docker")


def usable_engines() -> tuple[ContainerEngine, ...]:
    """Return the engines that answer; raise CompareError with the error of every engine if none does."""
    if sys.platform != "linux":
        raise CompareError(
            f"--image needs containers on the host's network, which Linux has and {sys.platform} does not; omit --image"
        )
    usable, complaints = find_engines(_NAMES)
    if usable:
        return usable
    if complaints:
        raise CompareError(f"--image cannot be run: {'; '.join(complaints)}; start the engine, or omit --image")
    raise CompareError("--image needs podman or docker, and neither is installed; install one, or omit --image")
