"""TCP ports of 127.0.0.1: a free one for a child, and whether the child listens on it."""

import os
import random
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli import processes

_LISTENING = "0A"
_LOWEST_PORT = 10_000
_ATTEMPTS = 100
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now.

    Outside of the range from which the kernel takes ports for connections: one of these could take it before the
    child listens.
    """
    for port in _candidates():
        with socket.socket() as listener:
            # As servers do: the last connections of one that has ended are no hindrance.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = listener.getsockname()[1]
            return found
    raise OSError("no port of 127.0.0.1 is free; end processes that listen there")


def accepts_connections(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0


def owns_port(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the child, or a process of its session, listens on this port.

    Without /proc, or where its processes are another account's, anything that listens counts.
    """
    if not accepts_connections(port):
        return False
    sockets = _listening_sockets(port)
    if sockets is None:
        return True
    try:
        return any(sockets & _sockets_of(pid) for pid in _session(os.getsid(process.pid)))
    except ProcessLookupError:
        return False
    except PermissionError:
        return True


def wait_until_listening(process: subprocess.Popen[bytes], port: int, *, timeout_s: float) -> bool:
    """Whether the child listens within the time; False also when it has ended."""
    return processes.wait_until(process, lambda: owns_port(process, port), timeout_s=timeout_s)


def _candidates() -> Iterator[int]:
    try:
        first_ephemeral = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first_ephemeral = 0
    if first_ephemeral > _LOWEST_PORT + _ATTEMPTS:
        rng = random.SystemRandom()
        for _ in range(_ATTEMPTS):
            yield rng.randrange(_LOWEST_PORT, first_ephemeral)
    # The kernel's choice.
    yield 0


def _listening_sockets(port: int) -> set[str] | None:
    """The inodes of the sockets that listen on this port of any address; None without /proc."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            if table == "tcp":
                return None
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _session(leader: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                session = os.getsid(int(entry.name))
            except ProcessLookupError:
                continue
            if session == leader:
                yield int(entry.name)


def _sockets_of(pid: int) -> set[str]:
    found = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.add(str(descriptor.readlink()))
            except FileNotFoundError:
                continue
    except (FileNotFoundError, ProcessLookupError):
        # It has ended.
        return set()
    return found
