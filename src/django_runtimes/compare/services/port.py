"""The port of a server: the wanted one, or a free one that another process may yet snatch."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from django_runtimes.cli import processes
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
    """Start a server on the wanted port, or on a free one, and wait until it answers.

    Raises CompareError when the wanted port is taken, or with the end of `log` as the cause.
    """
    taken = f"is taken, and {name} needs one of its own; free it or choose another"
    # Asked before, lest the listener there be taken for the server.
    if wanted is not None and processes.accepts_connections(wanted):
        raise CompareError(f"port {wanted} of 127.0.0.1 {taken}")
    for _ in range(_ATTEMPTS):
        port = wanted or processes.free_port()
        process = start(port)
        if processes.wait_until(process, answers, timeout_s=timeout_s):
            return
        # Ended, and yet something listens: somebody else was there first.
        if process.poll() is None or not processes.accepts_connections(port):
            raise CompareError(
                f"{name} does not answer on port {port} of 127.0.0.1: {processes.cause(log)}; "
                "mend that cause and start again"
            )
    raise CompareError(f"port {port} of 127.0.0.1 {taken}")
