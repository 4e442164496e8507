"""Linux namespaces that give a case its own network and resolver."""

import contextlib
import ctypes
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django_runtimes.cli import processes
from tests.prerequisites import require_program, require_root

_NEW_MOUNTS = 0x00020000
_NEW_NETWORK = 0x40000000
_NAMESPACES = {"net": _NEW_NETWORK, "mnt": _NEW_MOUNTS}
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def own_network(directory: Path) -> Iterator["OwnNetwork"]:
    """Move this thread and its child processes to a network namespace with only a loopback device.

    Inside the namespace 127.0.0.1 resolves names. Skip the test if this process may not create namespaces.
    """
    require_program("nft")
    require_program("ip")
    require_root()
    with contextlib.ExitStack() as stack:
        # Entering a mount namespace changes the working directory to its root.
        stack.callback(os.chdir, Path.cwd())
        for name, kind in _NAMESPACES.items():
            descriptor = os.open(f"/proc/thread-self/ns/{name}", os.O_RDONLY)
            stack.callback(os.close, descriptor)
            stack.callback(_call, "setns", descriptor, kind)
        _call("unshare", _NEW_MOUNTS | _NEW_NETWORK)
        _run("mount", "--make-rprivate", "/")
        _run("ip", "link", "set", "lo", "up")
        for name, text in {"resolv.conf": "nameserver 127.0.0.1\noptions timeout:1\n", "hosts": ""}.items():
            (directory / name).write_text(text)
            _run("mount", "--bind", str(directory / name), f"/etc/{name}")
        yield OwnNetwork()


class OwnNetwork:
    """Drops packets in the network namespace."""

    def drop(self, port: int, clients: Iterable[int] = ()) -> None:
        """Silently drop every packet to and from a port, or only the packets of the given client ports."""
        chosen = ", ".join(str(client) for client in clients)
        to, back = (f"tcp sport {{ {chosen} }} ", f"tcp dport {{ {chosen} }} ") if chosen else ("", "")
        # The rules drop on input, because the sender would get an error for a packet dropped on output.
        rules = f"""
            table inet faults {{
                chain input {{
                    type filter hook input priority 0
                    {to}tcp dport {port} counter drop
                    {back}tcp sport {port} counter drop
                }}
            }}
        """
        _run("nft", rules)

    def restore(self) -> int:
        """Stop dropping packets, and return the number that were dropped."""
        counted = _run("nft", "list table inet faults")
        _run("nft", "delete table inet faults")
        return sum(int(packets) for packets in re.findall(r"counter packets (\d+)", counted))

    def clients_of(self, port: int) -> list[int]:
        """Return the client ports of the connections to a port."""
        lines = _run("ss", "-Htn", "state", "established", f"( dport = :{port} )").splitlines()
        return [int(line.split()[2].rpartition(":")[2]) for line in lines]


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def _run(program: str, *arguments: str) -> str:
    path = processes.find_program(program)
    assert path is not None, program
    return subprocess.run([path, *arguments], check=True, capture_output=True, text=True).stdout
