"""Finds sockets and temporary files that are open."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django_runtimes.entrypoints.snapshots.examination.shared_thing import SharedThing

_DESCRIPTORS = Path("/proc/self/fd")
_STANDARD = 3
_CLOSE = "close it in a function with @django_runtimes.before_snapshot"
_FILE = "create it when a request needs it, or remove it in a function with @django_runtimes.before_snapshot"


def open_descriptors() -> set[int]:
    """Return the descriptors of this process, without the standard ones."""
    found = set()
    for entry in _DESCRIPTORS.iterdir():
        # The descriptor of this listing ends with it.
        with suppress(OSError):
            entry.readlink()
            found.add(int(entry.name))
    return {each for each in found if each >= _STANDARD and (_DESCRIPTORS / str(each)).exists()}


def shared_files(inherited: set[int]) -> Iterator[SharedThing]:
    """Yield each open socket, and each temporary file, that was not `inherited` from the parent process."""
    folder = tempfile.gettempdir()
    open_paths = set()
    for descriptor in sorted(open_descriptors() - inherited):
        with suppress(OSError):
            target = str((_DESCRIPTORS / str(descriptor)).readlink())
            if target.startswith("socket:"):
                yield SharedThing("socket", _described(descriptor), _CLOSE)
            elif target.startswith(f"{folder}{os.sep}") or target.endswith(" (deleted)"):
                open_paths.add(target)
                yield SharedThing("file", f"{target} is open", _FILE)
    # The check has a folder of its own for temporary files.
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and str(path) not in open_paths:
            yield SharedThing("file", f"{path.name} in the folder for temporary files", _FILE)


def _described(descriptor: int) -> str:
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        kind = {socket.AF_INET: "TCP", socket.AF_INET6: "TCP", socket.AF_UNIX: "Unix"}.get(copy.family, "another")
        try:
            peer = copy.getpeername()
        except OSError:
            return f"a {kind} socket that listens or is not connected"
    address = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else str(peer or "a process of this machine")
    return f"a {kind} connection to {address}"
