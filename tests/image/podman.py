"""Running podman with the storage that scripts/image_tools.sh has set up."""

import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "webapp" / "image"
EMULATOR = CACHE / "aws-lambda-rie"
BASE_IMAGE = "localhost/python-base:trixie"
# The same image without the standard library's compiled files, as in docker.io's python:slim.
UNCOMPILED_BASE_IMAGE = "localhost/python-base:uncompiled"

ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": str(Path.home()),
    "CONTAINERS_CONF": str(CACHE / "containers.conf"),
    "CONTAINERS_STORAGE_CONF": str(CACHE / "storage.conf"),
}

# The build mounts this machine's root certificates, so that pip inside it trusts the same servers.
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_TIMEOUT_S = 1_200.0


def podman(*arguments: str, timeout_s: float = _TIMEOUT_S) -> str:
    """Run a podman command and return its output; raise RuntimeError with its error message if it fails.

    It runs in the cache's directory, because podman may leave files in its working directory.
    """
    done = subprocess.run(
        ["podman", *arguments], env=ENVIRON, cwd=CACHE, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"podman {' '.join(arguments)} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def revision() -> str:
    """Return the current commit, marked as dirty if files differ from it, or "" outside a repository."""
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def build(*options: str, context: Path = CHECKOUT, base_image: str = BASE_IMAGE) -> str:
    """Build the Dockerfile of `context`, using cached layers by default, and return the image's ID.

    The image has no tag unless the options give one, because several checkouts may share the storage.
    """
    return podman("build", "--quiet", *_build_arguments(*options, context=context, base_image=base_image))


def build_variant(driver: str) -> str:
    """Build the image with another database's driver, and return its ID.

    The last stage may replace the system's certificates, so this machine's are mounted only in the stages before it.
    """
    options = ("--build-arg", f"DRIVER={driver}")
    build(*options, "--target", "application")
    arguments = _build_arguments(*options, context=CHECKOUT, base_image=BASE_IMAGE)
    place = arguments.index("--volume")
    return podman("build", "--quiet", *arguments[:place], *arguments[place + 2 :])


def build_steps(*options: str, context: Path) -> list[tuple[str, bool]]:
    """Build as `build` does, and return the line of each step and whether its layer was cached."""
    output = podman("build", *_build_arguments(*options, context=context, base_image=BASE_IMAGE))
    steps: list[tuple[str, bool]] = []
    for line in output.splitlines():
        if re.match(r"(\[\d+/\d+\] )?STEP ", line):
            steps.append((line, False))
        elif "Using cache" in line and steps:
            steps[-1] = (steps[-1][0], True)
    return steps


def _build_arguments(*options: str, context: Path, base_image: str) -> tuple[str, ...]:
    return (
        *("--network", "host", "--pull=never"),
        *("--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"),
        *("--build-arg", f"BASE_IMAGE={base_image}"),
        # These are not build arguments, because podman 4.3 reuses a cached LABEL line even if its argument has changed.
        *("--label", f"org.opencontainers.image.revision={revision()}"),
        *("--label", f"org.opencontainers.image.version={version('django-runtimes')}"),
        *options,
        str(context),
    )
