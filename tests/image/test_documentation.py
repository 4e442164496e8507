"""The commands of docs/image.md that run Lambda on this machine work as documented."""

import json
import os
import re
import secrets
import subprocess
from pathlib import Path
from signal import SIGTERM

from django_runtimes.cli import ports, processes
from tests.image.containers import Container, container_environ
from tests.image.podman import CACHE, CHECKOUT, EMULATOR, ENVIRON

_LINES = re.compile(r"^```\n(RIE=[^`]*)^```$", re.MULTILINE)


def lines_for(image: str, database_url: str, *, name: str, port: int, api_port: int) -> list[str]:
    """Return the three documented lines with the placeholders filled in for this machine."""
    (text,) = _LINES.findall((CHECKOUT / "docs" / "image.md").read_text())
    for theirs, ours in (
        ("~/.cache/webapp/image/aws-lambda-rie", str(EMULATOR)),
        ("postgresql://…@127.0.0.1:5432/…", database_url),
        ("WEBAPP_SECRET_KEY=…", f"WEBAPP_SECRET_KEY={container_environ('')['WEBAPP_SECRET_KEY']}"),
        ("docker run ", f"podman run --pull=never --name {name} --label webapp.tests.owner={os.getpid()} "),
        (" webapp ", f" {image} "),
        (":9000", f":{port}"),
        (":9001", f":{api_port}"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    assert "…" not in text
    return text.splitlines()


def test_three_documented_lines_invoke_the_image_as_a_function(image, database_url, log: Path):
    name, port = f"webapp-test-{secrets.token_hex(6)}", ports.free_port()
    variables, run, invoke = lines_for(image, database_url, name=name, port=port, api_port=ports.free_port())

    command = ["bash", "-c", f"{variables}\nexec {run}"]
    process = processes.spawn(command, environ=ENVIRON, log=log, directory=CACHE, death_signal=SIGTERM)
    container = Container(name, process, url=f"http://127.0.0.1:{port}", log=log)
    try:
        # The engine's process is only a client of the engine, so the listener is not its child.
        assert processes.wait_until(process, lambda: ports.accepts_connections(port), timeout_s=60), container.logs()
        answer = subprocess.run(["bash", "-c", invoke], cwd=CHECKOUT, capture_output=True, check=True, timeout=60)
    finally:
        container.remove()

    reply = json.loads(answer.stdout)
    assert reply["statusCode"] == 200, reply
    assert "<html" in reply["body"]
