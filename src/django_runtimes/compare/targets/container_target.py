"""An emulated container runtime: the server in a process or container of its own."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import psutil

from django_runtimes.cli import ports, processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.targets.start_report import StartReports
from django_runtimes.compare.targets.target import ColdStart, FirstRequest, expect_answer
from django_runtimes.compare.targets.target_server import CheckoutServer, TargetServer

_START_TIMEOUT_S = 30.0
_POLL_S = 0.005


class ContainerTarget:
    """The server of `django_runtimes.entrypoints.launch` on 127.0.0.1, restarted for each cold start.

    Enter it in the main thread: the kernel stops the server when the thread that started it ends.
    """

    has_cold_bursts = False

    def __init__(self, environ: Mapping[str, str], *, log: Path, server: TargetServer | None = None) -> None:
        """Use `server`, by default the checkout's own."""
        self._server = server or CheckoutServer()
        self._environ = environ
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._reports = StartReports(environ, has_engine=self._server.has_engine)
        self._started_s = 0.0
        # The number of workers of the latest server that was stopped; None if it is unknown.
        self._workers: int | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        await self._restart()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    async def cold_start(self, first_request: FirstRequest) -> ColdStart:
        """Restart the server and measure the first request."""
        offset = self._log.stat().st_size if self._log.exists() else 0
        ready_ms = await self._restart()
        outcome = expect_answer(await first_request())
        phases = await self._reports.phases(
            self._log,
            offset=offset,
            started_s=self._started_s,
            ready_ms=ready_ms,
            first_response_ms=outcome.latency_ms,
        )
        return ColdStart(ready_ms, outcome.latency_ms, phases)

    async def make_cold(self) -> None:
        """Do nothing; a container keeps its processes."""

    async def make_ready(self, count: int) -> None:
        """Do nothing; the number of processes is fixed."""

    async def _restart(self) -> float:
        """Restart the server and return the ms from its start until /healthz answers 200.

        Raise CompareError with the end of its log when it exits or is not ready within 30 s. A server that is not ready
        is stopped at once, also if the caller is cancelled.
        """
        self._stop()
        port = ports.free_port()
        # Processes of one machine share this clock, so that they can report the moments of their start.
        self._started_s = time.monotonic()
        self._process = self._server.start(
            # No load balancer needs time to notice the shutdown.
            {"WEBAPP_DRAIN_S": "0", **self._environ, "WEBAPP_BIND_HOST": "127.0.0.1", "PORT": str(port)},
            log=self._log,
        )
        self.url = f"http://127.0.0.1:{port}"
        try:
            await self._wait_until_alive()
        except BaseException:
            self._stop()
            raise
        return (time.monotonic() - self._started_s) * 1_000

    async def _wait_until_alive(self) -> None:
        async with aiohttp.ClientSession() as session:
            while (left_s := self._started_s + _START_TIMEOUT_S - time.monotonic()) > 0:
                if await _is_alive(session, self.url, within_s=left_s):
                    return
                self.check_running()
                await asyncio.sleep(_POLL_S)
        raise CompareError(f"the server is not ready after {_START_TIMEOUT_S:g} s; {processes.cause(self._log)}")

    @property
    def details(self) -> dict[str, str]:
        """The server's details, and its number of workers once it has been stopped."""
        workers = {} if self._workers is None else {"workers": str(self._workers)}
        return {**self._server.details, **workers}

    @property
    def handler_durations_ms(self) -> Sequence[float]:
        """Nothing; a server does not report them."""
        return ()

    @property
    def process_ids(self) -> Sequence[int]:
        """The server's first process, also if it runs in a container of this machine."""
        return () if self._process is None else self._server.process_ids(self._process)

    @property
    def logs(self) -> Sequence[Path]:
        """The log of all starts, in one file."""
        return (self._log,)

    def check_running(self) -> None:
        """Raise CompareError with the end of the server's log when the server has exited."""
        if self._process is not None and self._process.poll() is not None:
            raise CompareError(
                f"the server ended with exit code {self._process.returncode}; {processes.cause(self._log)}"
            )

    def _stop(self) -> None:
        if self._process is not None:
            # All workers run by now.
            self._workers = _children_of(self.process_ids) or self._workers
            self._server.stop(self._process)
            self._process = None


def _children_of(process_ids: Sequence[int]) -> int:
    """Return the number of children of processes; 0 if they have ended."""
    count = 0
    for process_id in process_ids:
        with contextlib.suppress(psutil.Error):
            count += len(psutil.Process(process_id).children())
    return count


async def _is_alive(session: aiohttp.ClientSession, url: str, *, within_s: float) -> bool:
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with session.get(f"{url}/healthz", timeout=aiohttp.ClientTimeout(total=within_s)) as response:
            return response.status == 200
    return False
