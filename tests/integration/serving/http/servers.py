"""gunicorn serving the mirror application, and raw clients that read its responses."""

import contextlib
import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from django_runtimes.cli.ports import free_port
from tests.listening import listening

ROOT = Path(__file__).parents[4]
OURS = "django_runtimes.serving.http.fair_worker.FairUvicornWorker"
PATIENT = "tests.integration.serving.http.patient_worker.PatientWorker"
# Longer than any step takes on a busy machine.
_DEADLINE_S = 60
STOCK = "uvicorn_worker.UvicornWorker"
_CLOSE = re.compile(rb"\r\nconnection: close\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Server:
    """A running server with one worker."""

    port: int
    master: int
    log: Path

    @property
    def worker(self) -> int:
        """The worker's process id; the master listens before it starts its worker."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children")
        started = time.monotonic()
        while not (workers := children.read_text().split()):
            assert time.monotonic() - started < _DEADLINE_S, "the server has started no worker"
            time.sleep(0.01)
        return int(workers[0])

    def busy_s(self) -> float:
        """Return the processor time that the worker has used, in seconds; other programs do not change it."""
        return int(Path(f"/proc/{self.worker}/schedstat").read_text().split()[0]) / 1e9

    def peak_mb(self) -> float:
        """Return the worker's peak resident memory in MiB."""
        status = Path(f"/proc/{self.worker}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def mirror_server(
    directory: Path, *arguments: str, worker: str = PATIENT, descriptors: int | None = None
) -> Iterator[Server]:
    """Serve the mirror with one gunicorn worker, with additional `arguments` and, if given, a limit on open files."""
    port, log = free_port(), directory / f"server-{time.monotonic_ns()}.log"
    command = [
        *(sys.executable, "-m", "gunicorn", "tests.integration.serving.http.mirror:application"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", worker, "--no-control-socket", "--keep-alive", "75"),
        *arguments,
    ]
    if descriptors is not None:
        command = ["/bin/sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
    environ = {"PATH": os.environ["PATH"]}
    with listening(
        command, port, environ=environ, log=log, directory=ROOT, death_signal=SIGTERM, grace_s=_DEADLINE_S
    ) as process:
        yield Server(port, process.pid, log)


@dataclass(frozen=True)
class Received:
    """All bytes received on a connection, and whether the server closed it."""

    raw: bytes
    closed: bool

    @property
    def answers(self) -> list[tuple[int, bytes]]:
        """The status and body of each response, including 100 Continue."""
        found, rest = [], self.raw
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 "), head
            length = re.search(rb"\r\ncontent-length: (\d+)", head)
            size = int(length[1]) if length else 0
            found.append((int(head[9:12]), rest[:size]))
            rest = rest[size:]
        return found

    @property
    def heads(self) -> int:
        """The number of responses whose head has arrived."""
        return len(re.findall(rb"HTTP/1\.1 \d{3} .*?\r\n\r\n", self.raw, re.DOTALL))

    @property
    def statuses(self) -> list[int]:
        """The status of each response."""
        return [status for status, _ in self.answers]

    @property
    def contents(self) -> list[dict]:
        """The content of each JSON response."""
        return [json.loads(body) for _, body in self.answers if body.startswith(b"{")]


def talk(
    port: int,
    *pieces: bytes,
    pause_s: float = 0.1,
    answers: int | None = None,
    patience_s: float = 0.5,
    closes: bool = False,
    ending: bytes = b"",
) -> Received:
    """Send each piece as a separate segment, then return all that `receive()` reads."""
    with socket.create_connection(("127.0.0.1", port), timeout=_DEADLINE_S) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(pause_s)
            client.sendall(piece)
        return receive(client, patience_s, answers=answers, closes=closes, ending=ending)


def health_status(port: int) -> int:
    """Return the status of /healthz over a new connection.

    A server that is full closes a connection whose client has sent nothing for 0.15 s. On a busy machine that happens
    to this client too, so it asks again, as browsers do.
    """
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        with contextlib.suppress(ConnectionError):
            received = talk(port, request("GET /healthz", "Connection: close"))
            if received.raw:
                return received.statuses[0]
        assert time.monotonic() < deadline, "the server closes every connection"


def receive(
    client: socket.socket,
    patience_s: float = 0.5,
    *,
    answers: int | None = None,
    closes: bool = False,
    ending: bytes = b"",
) -> Received:
    """Read until the server closes the connection, or is silent for `patience_s` after its responses.

    The server has 60 s to send each of `answers` responses (one by default), to send all bytes up to `ending`, and to
    close after it announces a close, or without an announcement if `closes`. Raise ConnectionResetError when the server
    resets the connection.
    """
    raw = b""
    awaited = 1 if answers is None else answers
    while True:
        is_due = closes or _CLOSE.search(raw) or Received(raw, closed=False).heads < awaited or ending not in raw
        client.settimeout(_DEADLINE_S if is_due else patience_s)
        try:
            data = client.recv(65536)
        except TimeoutError:
            return Received(raw, closed=False)
        if not data:
            return Received(raw, closed=True)
        raw += data


def receive_head(client: socket.socket) -> bytes:
    """Read the head of one response, and nothing after it."""
    client.settimeout(_DEADLINE_S)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte, f"the server closes after {head!r}"
        head += byte
    return head


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request's bytes, with a Host header."""
    head = "\r\n".join([f"{line} HTTP/1.1", "Host: guestbook.example", *headers, "", ""])
    return head.encode("latin1") + body
