"""Runs `webapp doctor` as a process, and reads its findings."""

import json
import os
import subprocess
import sys

from django_runtimes.compare.services.postgres import PostgresServer
from tests.secret_key import SECRET_KEY

REQUIRED = {
    "WEBAPP_RUNTIME": "aws_ecs",
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
    "WEBAPP_INSTANCES_MAX": "1",
    "WEBAPP_WORKERS": "2",
}
UNREACHABLE = "postgresql://app:hunter2@127.0.0.1:1/app"
TIMEOUTS = ("statement_timeout", "idle_in_transaction_session_timeout")


def doctor(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "webapp", "doctor", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def findings(examined: subprocess.CompletedProcess, section: str) -> list[tuple[str, str]]:
    """Return the levels and texts of one section of the JSON."""
    sections = {part["name"]: part["findings"] for part in json.loads(examined.stdout)["sections"]}
    return [(finding["level"], finding["text"]) for finding in sections[section]]


def available(server: PostgresServer) -> int:
    """The number of connections that the server does not reserve for superusers."""
    return int(server.settings["max_connections"]) - int(server.settings["superuser_reserved_connections"])
