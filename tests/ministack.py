"""Runs ministack, which emulates DynamoDB without losing concurrent updates, in a child process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple

from django_runtimes.cli.ports import free_port
from tests.listening import listening
from tests.prerequisites import lack

REGION = "eu-west-1"
# ministack accepts any credentials.
ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
PROGRAM = Path(__file__).parents[1] / ".venv-ministack/bin/ministack"
_START_LIMIT_S = 60.0


class Ministack(NamedTuple):
    """A running server and its URL."""

    url: str
    process: Popen[bytes]


@contextmanager
def ministack_server(log: Path) -> Iterator[Ministack]:
    """Run the server during the block."""
    if not PROGRAM.exists():
        lack("ministack is not installed; run `make test`, which installs it into .venv-ministack")
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(log.parent),
        "TMPDIR": str(log.parent),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "dynamodb",
        "LOG_LEVEL": "WARNING",
        **ACCESS_KEY,
    }
    with listening([str(PROGRAM)], port, environ=environ, log=log, timeout_s=_START_LIMIT_S) as process:
        yield Ministack(f"http://127.0.0.1:{port}", process)
