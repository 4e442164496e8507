"""moto's server, which answers as AWS's services do, in a process of its own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_runtimes.cli import processes

REGION = "eu-west-1"
# moto takes any.
ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
_START_LIMIT_S = 60.0


@contextmanager
def moto_server(log: Path) -> Iterator[str]:
    """Its URL, for as long as the block lasts."""
    port = processes.free_port()
    server = processes.spawn(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        environ={"PATH": os.environ["PATH"], **ACCESS_KEY},
        log=log,
    )
    try:
        assert processes.wait_until_listening(server, port, timeout_s=_START_LIMIT_S), log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop(server)
