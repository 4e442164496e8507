"""Keeps a child process from writing to a socket that belongs to its parent."""

import os
from pathlib import Path


def silence(fileno: int) -> None:
    """Send everything that this process writes to the socket to the null device; raise OSError if it is closed.

    A driver ends the session when it closes its connection, and the parent still uses that session.
    """
    with Path(os.devnull).open("r+b", buffering=0) as nothing:
        os.dup2(nothing.fileno(), fileno)
