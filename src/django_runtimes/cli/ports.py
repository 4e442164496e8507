"""Finds free TCP ports of 127.0.0.1 for child processes, and checks whether the processes listen on them."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli import processes

_LISTENING = "0A"
_LOWEST_PORT = 10_000
_ATTEMPTS = 100
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
# The ports that this process has found. Their servers may not listen yet.
_found: set[int] = set()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listens now.

    It is outside the kernel's range of ephemeral ports, so that no connection takes it before the child listens. No
    call returns the port of an earlier one, and on Linux no other process that calls this gets it while this one runs.
    """
    for port in _candidates():
        if port in _found:
            continue
        with socket.socket() as listener:
            # Servers set this option too: closed connections of an earlier process then do not block the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
                found: int = listener.getsockname()[1]
                _reserve(found)
            except OSError:
                continue
            _found.add(found)
            return found
    raise OSError("no port of 127.0.0.1 is free; end processes that listen there")


def accepts_connections(port: int) -> bool:
    """Return whether anything listens on this port of 127.0.0.1."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0


def owns_port(process: subprocess.Popen[bytes], port: int) -> bool:
    """Return whether the child, or a process of its session, listens on this port.

    Without /proc, or if the processes belong to another account, return True for any listening process.
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
    """Return whether the child listens within `timeout_s`; False also if it ends first."""
    return processes.wait_until(process, lambda: owns_port(process, port), timeout_s=timeout_s)


def _reserve(port: int) -> None:
    """Reserve a port among the processes that call this, until this one ends; raise OSError if another one has it."""
    # Only Linux has names of sockets that are no files.
    if sys.platform == "linux":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reservation:
            reservation.bind(f"\0django-runtimes-port-{port}")
            # The kernel frees the name when it closes the descriptor at the end of the process.
            reservation.detach()


def _candidates() -> Iterator[int]:
    try:
        first_ephemeral = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first_ephemeral = 0
    if first_ephemeral > _LOWEST_PORT + _ATTEMPTS:
        rng = random.SystemRandom()
        for _ in range(_ATTEMPTS):
            yield rng.randrange(_LOWEST_PORT, first_ephemeral)
    # With port 0 the kernel chooses.
    yield 0


def _listening_sockets(port: int) -> set[str] | None:
    """Return the inodes of the sockets that listen on this port of any address, or None without /proc."""
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
        # The process has ended.
        return set()
    return found
