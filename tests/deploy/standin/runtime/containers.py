"""Runs containers for services and tasks, each as a process with the image's own entry point."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGTERM
from typing import Any

import aiohttp

from django_runtimes.cli import ports, processes
from tests.deploy.standin.runtime import log_files
from tests.deploy.standin.runtime.images import contents
from tests.deploy.standin.runtime.variables import Variables
from tests.deploy.standin.state import State

# Other tests may keep the machine busy.
_HEALTHY_WITHIN_S = 120.0
_PAUSE_S = 0.1
# AWS gives 30 s. Less is enough here, because no test stops a container while a request is in flight.
_GRACE_S = 0.3
_SERVICE = "running service"


class UnhealthyError(Exception):
    """A container never passed its health check; the message is the end of its log."""


class Containers:
    """All containers of the stand-in; a service has one container, whatever count it asks for."""

    def __init__(self, state: State, directory: Path, variables: Variables) -> None:
        self._state = state
        self._directory = directory / "containers"
        self._variables = variables
        self._services: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
        self._tasks: dict[str, subprocess.Popen[bytes]] = {}

    def port_of(self, service: str) -> int | None:
        """Return the port on 127.0.0.1 of a service's container, or None while none is running."""
        found = self._services.get(service)
        return None if found is None or found[0].poll() is not None else found[1]

    async def replace(
        self, service: str, *, image_uri: str, declared: Mapping[str, str], health_path: str, log: Mapping[str, str]
    ) -> None:
        """Start a service's new container, and stop the old one once the new one is healthy.

        Raise UnhealthyError and keep the old container if the new one never becomes healthy.
        """
        what = {"service": service, "image_uri": image_uri, "declared": dict(declared), "health_path": health_path}
        what["log"] = dict(log)
        process, port = await self._start_healthy(what)
        former = self._services.get(service)
        self._services[service] = process, port
        self._state.put(_SERVICE, service, what)
        if former is not None:
            await asyncio.to_thread(_end, former[0])

    async def restore(self) -> None:
        """Restart the services that ran before the stand-in was killed."""
        for what in self._state.all(_SERVICE):
            # A service that does not come up again answers 503, as it would on AWS.
            with contextlib.suppress(UnhealthyError):
                self._services[what["service"]] = await self._start_healthy(what)

    async def remove(self, service: str) -> None:
        self._state.delete(_SERVICE, service)
        found = self._services.pop(service, None)
        if found is not None:
            await asyncio.to_thread(_end, found[0])

    def run_task(
        self, task: str, *, image_uri: str, declared: Mapping[str, str], command: Sequence[str], log: Mapping[str, str]
    ) -> None:
        """Start a task's container, which exits by itself."""
        path = self._log(task, log)
        self._tasks[task] = self._spawn(image_uri, declared, command, path)

    def exit_code(self, task: str) -> int | None:
        """Return a task's exit code: None while it runs, 137 if it died with the stand-in."""
        process = self._tasks.get(task)
        if process is None:
            return 137
        code = process.poll()
        return code if code is None or code >= 0 else 128 - code

    def stop_task(self, task: str) -> None:
        if task in self._tasks:
            _end(self._tasks[task])

    def close(self) -> None:
        for process in [*(process for process, _ in self._services.values()), *self._tasks.values()]:
            _end(process)

    async def _start_healthy(self, what: Mapping[str, Any]) -> tuple[subprocess.Popen[bytes], int]:
        port = ports.free_port()
        number = self._state.next_number(what["service"])
        path = self._log(f"{what['service']}/{number}", what["log"])
        declared = {**what["declared"], "PORT": str(port), "WEBAPP_BIND_HOST": "127.0.0.1"}
        process = self._spawn(what["image_uri"], declared, (), path)
        deadline = asyncio.get_running_loop().time() + _HEALTHY_WITHIN_S
        async with aiohttp.ClientSession() as session:
            while process.poll() is None and asyncio.get_running_loop().time() < deadline:
                if await _is_healthy(session, f"http://127.0.0.1:{port}{what['health_path']}"):
                    return process, port
                await asyncio.sleep(_PAUSE_S)
        await asyncio.to_thread(_end, process)
        raise UnhealthyError(processes.cause(path))

    def _spawn(
        self, image_uri: str, declared: Mapping[str, str], command: Sequence[str], log: Path
    ) -> subprocess.Popen[bytes]:
        return processes.spawn(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch", *command],
            environ=self._variables.of(declared, contents(self._state, image_uri)),
            log=log,
            # On SIGTERM gunicorn stops its workers; SIGKILL would orphan them.
            death_signal=SIGTERM,
            directory=self._directory,
        )

    def _log(self, name: str, log: Mapping[str, str]) -> Path:
        path = self._directory / f"{name.replace('/', '-').replace(':', '-')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        log_files.add_source(self._state, log["region"], log["group"], path, log["stream"])
        return path


def _end(process: subprocess.Popen[bytes]) -> None:
    processes.stop(process, grace_s=_GRACE_S)


async def _is_healthy(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=5)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
