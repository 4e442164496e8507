"""Runs Redis, from the system's packages, in a child process."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple

from django_runtimes.cli.ports import free_port
from tests.listening import listening
from tests.prerequisites import require_program

PROGRAM = "redis-server"


class RedisServer(NamedTuple):
    """A running server and its URL."""

    url: str
    process: Popen[bytes]


@contextmanager
def redis_server(directory: Path, *, port: int | None = None, options: Sequence[str] = ()) -> Iterator[RedisServer]:
    """Run a server during the block, which keeps its data in a directory and reads it when it starts again."""
    require_program(PROGRAM)
    port = port or free_port()
    command = [PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "60 1", *options]
    environ = {"PATH": os.environ["PATH"]}
    # As it ends, the server saves its data, which another one may read.
    with listening(command, port, environ=environ, log=directory / "redis.log", grace_s=60.0) as process:
        yield RedisServer(f"redis://127.0.0.1:{port}", process)
