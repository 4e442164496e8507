"""A server in a process of its own, for as long as a test needs it."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django_runtimes.cli import processes


@contextmanager
def listening(
    command: Sequence[str],
    port: int,
    *,
    environ: Mapping[str, str],
    log: Path,
    timeout_s: float = 30.0,
    grace_s: float = 5.0,
    **started: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process once it listens on the port; `started` is what `spawn` takes besides. It has `grace_s` to end."""
    process = processes.spawn(command, environ=environ, log=log, **started)
    try:
        assert processes.wait_until_listening(process, port, timeout_s=timeout_s), log.read_text()
        yield process
    finally:
        processes.stop(process, grace_s=grace_s)
