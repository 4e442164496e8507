"""Runs a function up to its snapshot, and forks a process for each environment that is restored from it.

This is a separate program, passed as text to `python -c`: it runs where the function runs. Its arguments are the
handler and the name of the emulator's socket. A process is forked by libc, so that Python runs no at-fork hooks. They
would seed `random` again and close connections, which a real restore does not do.
"""

import ctypes
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any

import django_runtimes  # noqa: F401  (the first import notes when the spawn ends)
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import LambdaLoop
from django_runtimes.config.variables.server_variables import LAMBDA_LOOP

_PR_SET_PDEATHSIG = 1
_RUNTIME_API = "AWS_LAMBDA_RUNTIME_API"
_LOG_STREAM = "AWS_LAMBDA_LOG_STREAM_NAME"


def main() -> None:
    """Serve the function; the loop's request for the snapshot waits for orders of the emulator."""
    emulator = sys.argv.pop()
    if Environment(os.environ)[LAMBDA_LOOP] is LambdaLoop.AWSLAMBDARIC:
        sys.exit(
            "WEBAPP_LAMBDA_LOOP='awslambdaric' cannot be restored here, since its compiled client keeps the address of "
            "the Runtime API; unset the variable for targets with +snapstart"
        )
    _patch_loop(emulator)
    runpy.run_module("django_runtimes.entrypoints.lambda_process", run_name="__main__", alter_sys=True)


def _patch_loop(emulator: str) -> None:
    from django_runtimes.serving.aws_lambda.runtime_loop import runtime_client, runtime_connection

    def wait_for_restore(client: Any) -> None:
        client.close()
        client._connection = runtime_connection.RuntimeConnection(_restored(emulator))

    client_class: Any = runtime_client.RuntimeClient
    client_class.wait_for_restore = wait_for_restore


def _restored(emulator: str) -> str:
    """Fork a process for each order of the emulator; return the address of the Runtime API in the forked process."""
    # The main thread's interpreter lock stays held in the forked process, where no other thread exists.
    libc = ctypes.PyDLL(None)
    template = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.connect(f"\0{emulator}")
    orders = control.makefile("rb")
    control.sendall(b"ready\n")
    while line := orders.readline():
        pid = libc.fork()
        if pid == 0:
            orders.close()
            control.close()
            return _begin(json.loads(line), libc, template)
        control.sendall(b"%d\n" % pid)
    os._exit(0)


def _begin(order: dict[str, str], libc: Any, template: int) -> str:
    """Give a forked process its own session, log and variables."""
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != template:
        os._exit(0)
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ[_RUNTIME_API], os.environ[_LOG_STREAM] = order["runtime_api"], order["log_stream"]
    return order["runtime_api"]


if __name__ == "__main__":
    main()
