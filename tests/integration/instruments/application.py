"""Runs the application with a tool, as a container or a Lambda function, and sends it requests."""

import asyncio
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.services.port import start_on_port
from tests.integration.serving.lambda_handler.front import body_of, event_of

ROOT = Path(__file__).parents[3]
_START_TIMEOUT_S = 120.0
_REQUEST_TIMEOUT_S = 120.0
# A tool sends its last records at the end of its process.
_END_TIMEOUT_S = 120.0
HOST = "guestbook.example"


@dataclass(frozen=True)
class Instrumented:
    """The application in a tool's environment; its command starts with `prefix`, such as ("ddtrace-run",)."""

    python: Path
    environ: Mapping[str, str]
    log_directory: Path
    prefix: Sequence[str] = ()

    def ask_container(self, rounds: Iterable[Sequence[str]]) -> list[list[tuple[int, str]]]:
        """Start a container, request each path and stop it; return each status and body.

        The paths of a round are requested concurrently. A round is taken from `rounds` once the earlier one has ended.
        """
        log = self.log_directory / "container.log"
        environ = {**self.environ, "WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_BIND_HOST": "127.0.0.1", "WEBAPP_WORKERS": "1"}
        environ |= {"WEBAPP_DRAIN_S": "0", "WEBAPP_HTTPS": "0"}
        started: list[subprocess.Popen[bytes]] = []
        address = 0

        def start(port: int) -> subprocess.Popen[bytes]:
            nonlocal address
            address = port
            command = [*self.prefix, str(self.python), "-m", "django_runtimes.entrypoints.launch"]
            started.append(processes.spawn(command, environ={**environ, "PORT": str(port)}, log=log, directory=ROOT))
            return started[-1]

        def ask(path: str) -> tuple[int, str]:
            connection = HTTPConnection("127.0.0.1", address, timeout=_REQUEST_TIMEOUT_S)
            try:
                connection.request("GET", path, headers={"Host": HOST})
                response = connection.getresponse()
                return response.status, response.read().decode()
            finally:
                connection.close()

        def is_alive() -> bool:
            try:
                return ask("/healthz")[0] == 200
            except OSError:
                return False

        try:
            start_on_port(start, is_alive, name="instrumented", wanted=None, log=log, timeout_s=_START_TIMEOUT_S)
            with ThreadPoolExecutor(16) as clients:
                return [list(clients.map(ask, paths)) for paths in rounds]
        finally:
            for process in started:
                processes.stop(process, grace_s=_END_TIMEOUT_S)

    def ask_function(self, rounds: Iterable[Sequence[str]]) -> list[list[tuple[int, str]]]:
        """Invoke a function for each path in sequence; return each status and body.

        A round is taken from `rounds` once the earlier one has ended.
        """
        return asyncio.run(self._ask_function(rounds))

    async def _ask_function(self, rounds: Iterable[Sequence[str]]) -> list[list[tuple[int, str]]]:
        environ = {**self.environ, "WEBAPP_DB_ROUTE": "direct"}
        function = _Launched(
            "instrumented",
            "django_runtimes.entrypoints.aws_lambda.handler",
            environ,
            self.log_directory,
            python=str(self.python),
            timeout_s=_REQUEST_TIMEOUT_S,
            init_timeout_s=_START_TIMEOUT_S,
        )

        async with LambdaEmulator(function) as emulator:

            async def ask(path: str) -> tuple[int, str]:
                event = event_of("http_api_v2", "GET", path, headers={"host": HOST})
                reply = json.loads((await emulator.invoke(json.dumps(event).encode())).payload)
                return reply["statusCode"], body_of(reply).decode()

            return [[await ask(path) for path in paths] for paths in rounds]


class _Launched(Function):
    """A function that starts the launcher, as the image does."""

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        return processes.spawn(
            [self.python, "-m", "django_runtimes.entrypoints.launch"],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )
