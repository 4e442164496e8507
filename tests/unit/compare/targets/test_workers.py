import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.targets.container_target import ContainerTarget

# A server whose master has three children.
SERVER = """
import os, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

children = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
try:
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
finally:
    for child in children:
        child.kill()
"""


class ForkingServer:
    has_engine = False
    details: Mapping[str, str] = {"command": "python"}

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        source = f"import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n{SERVER}"
        return processes.spawn([sys.executable, "-c", f"import sys\n{source}"], environ=environ, log=log)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        processes.stop(process)

    def process_ids(self, process: subprocess.Popen[bytes]) -> Sequence[int]:
        return (process.pid,)


def test_the_record_has_the_number_of_workers(tmp_path: Path):
    target = ContainerTarget({}, log=tmp_path / "server.log", server=ForkingServer())

    async def run() -> None:
        async with target:
            assert target.details == {"command": "python"}

    asyncio.run(run())

    assert target.details == {"command": "python", "workers": "3"}
