"""Makes this process the supervisor of an execution environment's workers on Lambda Managed Instances."""

import ctypes
import os
import signal
import socket

from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.managed_instances import is_managed
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.connection_budget import AWS_LAMBDA_MAX_CONCURRENCY
from django_runtimes.entrypoints.extension import register_extension
from django_runtimes.entrypoints.workers.worker_supervisor import WorkerSupervisor

_LOG_SOCKET = "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"
_PR_SET_PDEATHSIG = 1
_STANDARD_STREAMS = (1, 2)


def fork_workers(environment: Environment) -> bool:
    """On Managed Instances, return True in each of AWS_LAMBDA_MAX_CONCURRENCY workers, and never in their supervisor.

    Elsewhere, return False without a fork. Call it before anything opens a connection, starts a thread or loads the
    application: every worker loads its own, as with awslambdaric's workers.
    """
    if not is_managed(Runtime.AWS_LAMBDA, environment):
        return False
    supervisor_pid = os.getpid()
    # Lambda knows extensions by their names, so an environment has one, and the supervisor passes SIGTERM on.
    connection = None
    if address := os.environ.get("AWS_LAMBDA_RUNTIME_API"):
        connection = register_extension(address)
    WorkerSupervisor(environment[AWS_LAMBDA_MAX_CONCURRENCY]).run()
    if connection is not None:
        connection.close()
    _end_with(supervisor_pid)
    if path := os.environ.get(_LOG_SOCKET):
        _write_to(path)
    return True


def _end_with(supervisor_pid: int) -> None:
    """Let the kernel end this worker with its supervisor."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor_pid:
        os._exit(1)


def _write_to(path: str) -> None:
    """Let Lambda read this worker's standard streams apart from those of the others."""
    for descriptor in _STANDARD_STREAMS:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.connect(path)
            os.dup2(stream.fileno(), descriptor)
