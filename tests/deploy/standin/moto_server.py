"""Runs moto's server behind the stand-in, with a journal that restores its state after a restart."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from django_runtimes.cli import ports, processes
from tests.deploy.standin.protocol import Answer
from tests.deploy.standin.state import State

_JOURNAL = "moto"
MANAGED_POLICIES = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
_START_TIMEOUT_S = 150.0
# Operations with these prefixes change nothing, so a replay can skip them.
_READING = ("Get", "List", "Describe", "Head", "BatchGet", "Lookup", "Scan", "Query")
_KEPT_HEADERS = {"authorization", "content-type", "x-amz-target", "x-amz-content-sha256", "x-amz-date"}
_PER_CONNECTION = {"content-length", "transfer-encoding", "connection", "server", "date", "content-encoding"}


class MotoServer:
    """Starts at the first request, and seeds each change with its number, so that a replay creates the same names.

    With a `running_url` it empties and uses the moto that runs there, since a start takes about 2 s.
    """

    def __init__(self, state: State, directory: Path, running_url: str | None) -> None:
        self._state = state
        self._log = directory / "moto.log"
        self._lock = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._running_url = running_url
        self._url = ""

    async def forward(
        self, operation: str, *, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Send a request to moto unchanged and return its answer."""
        async with self._lock:
            if self._session is None:
                await self._start()
            if operation.startswith(_READING):
                return await self._send(method, path, headers, body)
            kept = {name: value for name, value in headers.items() if _is_kept(name)}
            entry = {"method": method, "path": path, "headers": kept, "body": base64.b64encode(body).decode()}
            number = self._state.append(_JOURNAL, entry)
            return await self._send_seeded(number, method, path, kept, body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            processes.stop(self._process)

    async def _start(self) -> None:
        self._url = self._running_url or await self._spawn()
        self._session = aiohttp.ClientSession(auto_decompress=False)
        if self._running_url is not None:
            await self._send("POST", "/moto-api/reset", {}, b"")
        for entry in self._state.entries(_JOURNAL):
            await self._send_seeded(
                entry["number"], entry["method"], entry["path"], entry["headers"], base64.b64decode(entry["body"])
            )

    async def _spawn(self) -> str:
        port = ports.free_port()
        self._process = processes.spawn(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            environ={"PATH": "/usr/bin:/bin", **MANAGED_POLICIES},
            log=self._log,
        )
        deadline = asyncio.get_running_loop().time() + _START_TIMEOUT_S
        while not ports.owns_port(self._process, port):
            if self._process.poll() is not None or asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(f"moto did not start: {processes.cause(self._log)}")
            await asyncio.sleep(0.05)
        return f"http://127.0.0.1:{port}"

    async def _send_seeded(
        self, number: int, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        await self._send("POST", f"/moto-api/seed?{urlencode({'a': number})}", {}, b"")
        return await self._send(method, path, headers, body)

    async def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        assert self._session is not None
        url = f"{self._url}{path}"
        sent = {name: value for name, value in headers.items() if name.lower() not in {"host", "content-length"}}
        async with self._session.request(
            method, aiohttp.client.URL(url, encoded=True), headers=sent, data=body or None, allow_redirects=False
        ) as response:
            kept = {name: value for name, value in response.headers.items() if name.lower() not in _PER_CONNECTION}
            return Answer(response.status, kept, await response.read())


def _is_kept(name: str) -> bool:
    return name.lower() in _KEPT_HEADERS or name.lower().startswith(("x-amz-", "content-"))
