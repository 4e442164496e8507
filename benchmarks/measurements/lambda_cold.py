"""Measures the CPU time of a cold start, from the image's entry point to its first request for an invocation."""

import os
import random
import resource
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.contenders.entry_points import lambda_handler, launch_module
from benchmarks.contenders.module_bundle import bundle_variables
from benchmarks.contenders.testbed import Testbed
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from django_runtimes.cli import processes
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.lambda_function import Function

OURS = "ours"
BARE_SETUP = "bare django.setup() of the same settings"
PINNED_SETUP = "bare django.setup() of pinned settings with Django's engine"
_PINNED_SETTINGS = "benchmarks.application.pinned_settings"

# Our process is killed when it is ready, so this program skips the interpreter's shutdown too, with os._exit.
_BARE = "import os, django; django.setup(); os._exit(0)"
_REGISTER = b"POST /2020-01-01/extension/register "
_REGISTERED = b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: bench\r\nContent-Length: 2\r\n\r\n{}"
_NEXT = b"GET /2018-06-01/runtime/invocation/next "
_TIMEOUT_S = 30.0


def measure(plan: Plan, testbed: Testbed, rng: random.Random, progress: Progress) -> dict[str, list[float]]:
    """Return each contender's CPU time in every round, in ms: user and system, including its children's."""
    start = ColdStart(testbed, testbed.database("bench_cold"))
    starts = {
        OURS: start.cpu_until_next_ms,
        BARE_SETUP: start.cpu_of_bare_setup_ms,
        PINNED_SETUP: start.cpu_of_pinned_setup_ms,
    }
    return measure_starts(starts, plan.cold_rounds, rng, progress)


def measure_starts(
    starts: Mapping[str, Callable[[], float]], rounds: int, rng: random.Random, progress: Progress
) -> dict[str, list[float]]:
    """Return each start's measurement in every round but the first, in which files are read from the disk."""
    measured: dict[str, list[float]] = {name: [] for name in starts}
    progress.begin("Lambda, cold starts", (rounds + 1) * len(starts))
    for name in (*starts, *interleaved(list(starts), rounds, rng)):
        measured[name].append(starts[name]())
        progress.advance()
    return {name: values[1:] for name, values in measured.items()}


class ColdStart:
    """Starts a checkout's function repeatedly, with the bundle of modules that its image has."""

    def __init__(self, testbed: Testbed, database: str) -> None:
        self._surroundings = testbed
        self._log = testbed.workspace / "lambda-cold.log"
        self._function = Function(
            name="bench",
            handler=lambda_handler(testbed.checkout),
            environ={
                **testbed.environ(database),
                # The profile's route needs a host, but the init phase does not connect.
                "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
            },
            log_directory=testbed.workspace,
            task_root=testbed.checkout,
        )
        self._bundle = bundle_variables(testbed, self._function.environ, database)

    def cpu_until_next_ms(self) -> float:
        """Return the CPU time from the image's entry point to its first request for an invocation."""
        with socket.create_server(("127.0.0.1", 0)) as runtime_api:
            runtime_api.settimeout(_TIMEOUT_S)
            host, port = runtime_api.getsockname()
            arguments = ["-m", launch_module(self._surroundings.checkout)]
            process = self._start(arguments, f"{host}:{port}", **self._bundle)
            return _cpu_until_next_ms(process, runtime_api, self._log)

    def cpu_of_bare_setup_ms(self) -> float:
        """Return the CPU time of `django.setup()` alone, with the same settings."""
        return _cpu_until_end_ms(self._start(["-c", _BARE], "127.0.0.1:1"), self._log)

    def cpu_of_pinned_setup_ms(self) -> float:
        """Return the CPU time of `django.setup()` with Django's engine and without the library."""
        process = self._start(["-c", _BARE], "127.0.0.1:1", DJANGO_SETTINGS_MODULE=_PINNED_SETTINGS)
        return _cpu_until_end_ms(process, self._log)

    def _start(self, arguments: list[str], runtime_api: str, **variables: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            # setpriv and a shell are not used here, since their CPU time would be measured too. The process ends by
            # itself within a second, or when the Runtime API is gone.
            return subprocess.Popen(
                [str(self._surroundings.python), *arguments],
                env=self._function.process_environ(runtime_api=runtime_api, log_stream="bench") | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._surroundings.checkout,
            )


def _cpu_until_next_ms(process: subprocess.Popen[bytes], runtime_api: socket.socket, log: Path) -> float:
    try:
        with ExitStack() as connections:
            # The extension connects first, and keeps its connection while it waits for an event.
            while not (request := _request(connections, runtime_api)).startswith(_NEXT):
                if not request.startswith(_REGISTER):
                    raise CompareError(
                        f"the image's entry point sends {request[:100]!r}: {processes.cause(log)}; fix that"
                    )
            process.kill()
            return _cpu_ms(_wait(process)[1])
    except TimeoutError:
        raise CompareError(
            f"the image's entry point requests no invocation: {processes.cause(log)}; fix that"
        ) from None
    finally:
        process.kill()
        process.wait()


def _request(connections: ExitStack, runtime_api: socket.socket) -> bytes:
    """Return the first request of the next connection, and answer it if it registers an extension."""
    connection = connections.enter_context(runtime_api.accept()[0])
    connection.settimeout(_TIMEOUT_S)
    request = connection.recv(65536)
    if request.startswith(_REGISTER):
        connection.sendall(_REGISTERED)
    return request


def _cpu_until_end_ms(process: subprocess.Popen[bytes], log: Path) -> float:
    status, usage = _wait(process)
    if status != 0:
        raise CompareError(f"django.setup() ended with exit code {status}: {processes.cause(log)}; fix that")
    return _cpu_ms(usage)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Reap the child; return its exit code, and its resource usage including its reaped children."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def _cpu_ms(usage: resource.struct_rusage) -> float:
    return (usage.ru_utime + usage.ru_stime) * 1_000
