"""Runs the image's entry point as a server, with the variables that it requires."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from django_runtimes.cli.ports import free_port, wait_until_listening
from django_runtimes.cli.processes import spawn, stop
from tests.secret_key import SECRET_KEY

REQUIRED = {
    "WEBAPP_RUNTIME": "aws_ecs",
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
    "WEBAPP_DRAIN_S": "0",
    "DATABASE_URL": "postgresql://app:hunter2@127.0.0.1:1/app",
}

# Limits of an emulated function that is not the one under test.
PATIENT = {"init_timeout_s": 60, "timeout_s": 60}

# An application whose responses never end.
ENDLESS = {
    "DJANGO_SETTINGS_MODULE": "tests.applications.endless.settings",
    "PYTHONPATH": str(Path(__file__).parents[3]),
}


@contextmanager
def container(
    log: Path, *, port: int = 0, python: str = sys.executable, **variables: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a server; yield it and its port once it accepts connections or has exited."""
    port = port or free_port()
    server = spawn(
        [python, "-m", "django_runtimes.entrypoints.launch"],
        environ={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            **REQUIRED,
            "PORT": str(port),
            "WEBAPP_BIND_HOST": "127.0.0.1",
            **variables,
        },
        log=log,
        death_signal=signal.SIGTERM,
    )
    try:
        wait_until_listening(server, port, timeout_s=120)
        yield server, port
    finally:
        # gunicorn kills its workers after 25 s.
        stop(server, grace_s=60)


def patient_readiness(directory: Path) -> Path:
    """Return a directory for PYTHONPATH with which a readiness check may take a minute.

    A busy machine may not answer within the two seconds that it may take otherwise.
    """
    # Python imports this module at its start.
    (directory / "sitecustomize.py").write_text(
        "from django_runtimes.serving.health import HealthChecks\n"
        'HealthChecks.__init__.__kwdefaults__["timeout_s"] = 60.0\n'
    )
    return directory


def connect(port: int) -> HTTPConnection:
    """Return a client of the server."""
    return HTTPConnection("127.0.0.1", port, timeout=120)
