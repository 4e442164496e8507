"""A worker that has served its maximum number of requests is replaced without losing a request."""

import asyncio
import os
import sys
from pathlib import Path
from signal import SIGTERM

import pytest

from django_runtimes.cli.ports import free_port
from tests.listening import listening

pytestmark = pytest.mark.profile_free

APPLICATION = """
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: guestbook.example\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path):
    """Run two workers that serve 500 to 700 requests each; yield the server's port and log."""
    (tmp_path / "recycled.py").write_text(APPLICATION)
    port, log = free_port(), tmp_path / "server.log"
    command = [
        *(sys.executable, "-m", "gunicorn", "recycled:application", "--bind", f"127.0.0.1:{port}", "--workers", "2"),
        *("--worker-class", "django_runtimes.serving.http.fair_worker.FairUvicornWorker", "--no-control-socket"),
        *("--max-requests", "500", "--max-requests-jitter", "200"),
    ]
    environ = {"PATH": os.environ["PATH"]}
    with listening(command, port, environ=environ, log=log, directory=tmp_path, death_signal=SIGTERM, grace_s=60):
        yield port, log


async def test_no_request_on_a_keep_alive_connection_is_lost(server):
    port, log = server
    failures: list[str] = []
    answered = 0

    async def client() -> None:
        nonlocal answered
        writer, pause_s, loop = None, 0.0, asyncio.get_running_loop()
        while log.read_text().count("Booting worker") < 5:
            try:
                if writer is None:
                    asked_at = loop.time()
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                # The idle time is measured from the previous request, because a busy process reads the response late.
                pause_s, asked_at = loop.time() - asked_at, loop.time()
                writer.write(REQUEST)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                answered += 1
            except (OSError, EOFError) as error:
                # A worker may close a connection that was idle for its whole last second, as on a busy machine.
                if pause_s < 0.5:
                    failures.append(repr(error))
                head = b"connection: close"
            if b"connection: close" in head.lower():
                writer.close()
                writer = None
            await asyncio.sleep(0.005)
        if writer is not None:
            writer.close()

    async with asyncio.timeout(240):
        await asyncio.gather(*(client() for _ in range(10)))

    assert failures == []
    assert answered > 1000
