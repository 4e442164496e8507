"""Runs moto's server, which emulates AWS's services, in a child process."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django_runtimes.cli.ports import free_port
from tests.listening import listening

REGION = "eu-west-1"
# moto accepts any credentials.
ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
# With IAM's managed policies, the start may take a minute beside other work.
_START_LIMIT_S = 150.0


@contextmanager
def moto_server(log: Path, *, variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the server during the block, with moto's own settings as variables, and yield its URL."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environ = {"PATH": os.environ["PATH"], **ACCESS_KEY, **(variables or {})}
    with listening(command, port, environ=environ, log=log, timeout_s=_START_LIMIT_S):
        yield f"http://127.0.0.1:{port}"
