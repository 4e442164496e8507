"""The environment that every contender runs in: the project's locked packages, and its peers beside them."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from webapp.compare import processes
from webapp.compare.errors import CompareError

CHECKOUT = Path(__file__).parents[1]
LOCK_FILE = CHECKOUT / "requirements" / "peers.txt"
_PLACE = CHECKOUT / ".venv-peers"
_INSTALL_TIMEOUT_S = 600.0


def lock_hash() -> str:
    """The SHA-256 of the lock file."""
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()


def peers_python(log: Path) -> Path:
    """The Python of the peers' environment, which is made first when it is missing or of another lock file.

    Raises CompareError with the end of `log` when it cannot be made.
    """
    python = _PLACE / "bin" / "python"
    mark = _PLACE / ".ready"
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if not mark.exists() or mark.read_text() != lock_hash():
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([sys.executable, "-m", "venv", "--clear", str(_PLACE)], environ, log)
        _run([*install, "--require-hashes", "-r", str(LOCK_FILE)], environ, log)
        _run([*install, "--no-deps", "--no-build-isolation", "-e", str(CHECKOUT)], environ, log)
        mark.write_text(lock_hash())
    # As in the image: without compiled modules every start takes four times as long.
    _run([str(python), "-m", "compileall", "-q", str(CHECKOUT / "src"), str(Path(__file__).parent)], environ, log)
    return python


def _run(command: list[str], environ: Mapping[str, str], log: Path) -> None:
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
            f"`{' '.join(command)}` ended with exit code {exit_code}: {processes.cause(log)}; "
            "mend that cause and start again"
        )
