"""podman with the storage that scripts/image_tools.sh has set up."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "webapp" / "image"
EMULATOR = CACHE / "aws-lambda-rie"
BASE_IMAGE = "localhost/python-base:trixie"
# The same, the standard library's compiled files missing as in docker.io's python:slim.
UNCOMPILED_BASE_IMAGE = "localhost/python-base:uncompiled"

ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": str(Path.home()),
    "CONTAINERS_CONF": str(CACHE / "containers.conf"),
    "CONTAINERS_STORAGE_CONF": str(CACHE / "storage.conf"),
}

# pip inside the build trusts what this machine trusts, and asks no index but the one it asks anyway.
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_TIMEOUT_S = 300.0


def podman(*arguments: str, timeout_s: float = _TIMEOUT_S) -> str:
    """What the command prints; RuntimeError with its complaint when it fails.

    It runs in the cache's directory, since podman may leave files where it runs.
    """
    done = subprocess.run(
        ["podman", *arguments], env=ENVIRON, cwd=CACHE, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"podman {' '.join(arguments)} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def revision() -> str:
    """The commit, marked when files differ from it; empty outside a repository."""
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def build(*options: str, context: Path = CHECKOUT, base_image: str = BASE_IMAGE) -> str:
    """The id of what the Dockerfile of `context` makes, from layers that are there unless the options say otherwise.

    It has no tag but one that the options give it: several checkouts may share the storage.
    """
    return podman(
        *("build", "--quiet", "--network", "host", "--pull=never"),
        *("--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"),
        *("--build-arg", f"BASE_IMAGE={base_image}"),
        *("--build-arg", f"REVISION={revision()}", "--build-arg", f"VERSION={version('django-runtimes')}"),
        *options,
        str(context),
    )
