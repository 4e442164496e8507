"""Creates the contenders' virtual environments from lock files; the peers' environment includes the project."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError

CHECKOUT = Path(__file__).parents[2]
LOCK_FILE = CHECKOUT / "requirements" / "peers.txt"
_VENV = CHECKOUT / ".venv-peers"
_VENVS_BY_LOCK = CHECKOUT / ".venv-against"
_INSTALL_TIMEOUT_S = 600.0


def lock_hash(lock_file: Path = LOCK_FILE) -> str:
    """Return the SHA-256 of a lock file."""
    return hashlib.sha256(lock_file.read_bytes()).hexdigest()


def peers_python(log: Path) -> Path:
    """Return the Python of the peers' environment; create it if it is missing or its lock file has changed.

    Raise CompareError with the end of `log` when that fails.
    """
    python = locked_python(_VENV, LOCK_FILE, log, project=CHECKOUT)
    _compile(python, CHECKOUT, log)
    return python


def revision_python(checkout: Path, log: Path) -> Path:
    """Return the Python of an environment with the packages of a checkout's lock file, but without the project.

    Checkouts with equal lock files share it. Raise CompareError with the end of `log` when it cannot be created.
    """
    lock_file = checkout / "requirements" / "serving.txt"
    python = locked_python(_VENVS_BY_LOCK / lock_hash(lock_file)[:16], lock_file, log)
    _compile(python, checkout, log)
    return python


def locked_python(venv: Path, lock_file: Path, log: Path, *, project: Path | None = None) -> Path:
    python = venv / "bin" / "python"
    marker = venv / ".ready"
    if not marker.exists() or marker.read_text() != lock_hash(lock_file):
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([sys.executable, "-m", "venv", "--clear", str(venv)], log)
        _run([*install, "--require-hashes", "-r", str(lock_file)], log)
        if project is not None:
            _run([*install, "--no-deps", "--no-build-isolation", "-e", str(project)], log)
        marker.write_text(lock_hash(lock_file))
    return python


def _compile(python: Path, checkout: Path, log: Path) -> None:
    """Compile all modules, as the image does; otherwise every start takes four times as long."""
    _run([str(python), "-m", "compileall", "-q", str(checkout / "src"), str(checkout / "benchmarks")], log)


def _run(command: list[str], log: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = processes.spawn(command, environ=environ, log=log, directory=CHECKOUT)
    try:
        exit_code = process.wait(_INSTALL_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise CompareError(
            f"`{' '.join(command)}` did not end within {_INSTALL_TIMEOUT_S:g} s; check the package index"
        ) from None
    finally:
        processes.stop(process)
    if exit_code != 0:
        raise CompareError(
            f"`{' '.join(command)}` ended with exit code {exit_code}: {processes.cause(log)}; fix that and start again"
        )
