"""Runs a server in a child process during a test."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django_runtimes.cli import ports, processes


@contextmanager
def listening(
    command: Sequence[str],
    port: int,
    *,
    environ: Mapping[str, str],
    log: Path,
    timeout_s: float = 120.0,
    grace_s: float = 30.0,
    **spawn_options: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block, and yield its process once it listens on the port.

    `spawn_options` are further arguments of `spawn`, and the process gets `grace_s` to end.
    """
    process = processes.spawn(command, environ=environ, log=log, **spawn_options)
    try:
        assert ports.wait_until_listening(process, port, timeout_s=timeout_s), log.read_text()
        yield process
    finally:
        processes.stop(process, grace_s=grace_s)
