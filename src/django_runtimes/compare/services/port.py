"""Starts servers on a given or a free port, and retries when another process takes a free one first."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django_runtimes.cli import ports, processes
from django_runtimes.compare.compare_error import CompareError

_ATTEMPTS = 3


def start_on_port(
    start: Callable[[int], subprocess.Popen[bytes]],
    answers: Callable[[], bool],
    *,
    name: str,
    wanted: int | None,
    log: Path,
    timeout_s: float,
) -> None:
    """Start a server on the port `wanted`, or on a free one, and wait until it answers.

    Raise CompareError when the port is taken, or when the server does not answer, with the end of `log` as the cause.
    """
    taken = f"is taken, and {name} needs one of its own; free it or choose another"
    # Check this first, since another listener on this port would pass for the server.
    if wanted is not None and ports.accepts_connections(wanted):
        raise CompareError(f"port {wanted} of 127.0.0.1 {taken}")
    for _ in range(_ATTEMPTS):
        port = wanted or ports.free_port()
        process = start(port)
        if processes.wait_until(process, partial(_answers, process, port, answers), timeout_s=timeout_s):
            return
        # The server ended and the port is in use, so another process took it first.
        if process.poll() is None or not ports.accepts_connections(port):
            raise CompareError(
                f"{name} does not answer on port {port} of 127.0.0.1: {processes.cause(log)}; fix that and start again"
            )
    raise CompareError(f"port {port} of 127.0.0.1 {taken}")


def _answers(process: subprocess.Popen[bytes], port: int, answers: Callable[[], bool]) -> bool:
    return ports.owns_port(process, port) and answers()
