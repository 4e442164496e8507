"""Reads an image's versions and measures how long an empty container takes to start."""

import contextlib
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.emulator.container_limits import LIMITS
from django_runtimes.compare.record.measured_packages import MEASURED_PACKAGES
from django_runtimes.config.values.runtime import Runtime

_STARTS = 3
_TIMEOUT_S = 60.0

_CONTENT = """
import importlib.metadata, json, platform, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        versions[name] = None
print(json.dumps([platform.python_version(), versions]))
"""

_TIME = "import time; print(time.monotonic())"


@dataclass(frozen=True)
class ImageContent:
    """The versions of Python and of packages in an image, None for a missing package.

    `container_start_ms` is the time until an empty Python program runs in a new container.
    """

    python: str
    packages: Mapping[str, str | None]
    container_start_ms: float


def probe_image(containers: Containers) -> ImageContent:
    """Run the image and return its content; raise CompareError with its last line when it does not start."""
    python, packages = json.loads(_run_python(containers, ["-c", _CONTENT, *MEASURED_PACKAGES]))
    starts_ms = []
    for _ in range(_STARTS):
        # Containers share the host's monotonic clock.
        started_s = time.monotonic()
        running_s = float(_run_python(containers, ["-I", "-S", "-c", _TIME]))
        starts_ms.append((running_s - started_s) * 1_000)
    return ImageContent(python, packages, round(median(starts_ms), 1))


def _run_python(containers: Containers, arguments: Sequence[str]) -> str:
    log = containers.directory / "probe.log"
    log.unlink(missing_ok=True)
    process = containers.start(arguments, {}, limits=LIMITS[Runtime.LOCAL], log=log, entrypoint="python")
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TIMEOUT_S)
    finally:
        containers.stop(process)
    if process.returncode != 0:
        image = containers.image
        raise CompareError(
            f"the image '{image.reference}' does not start: {processes.cause(log, count=1)}; "
            f"rebuild it for this machine, and check that `{image.engine.name} run` works here"
        )
    # The engine's warnings precede the output.
    return log.read_text().splitlines()[-1]
