"""A TLS handshake that may have to end."""

import fcntl
import socket
import termios
from contextlib import suppress
from typing import Protocol

# The first byte of what it gives is TCP's state.
_STATE: int | None = getattr(socket, "TCP_INFO", None)
# Linux's TCP_CLOSE and TCP_CLOSE_WAIT.
_LEFT = frozenset({7, 8})


class Descriptor(Protocol):
    """A socket, or what an event loop shows of one."""

    def fileno(self) -> int:
        """The file descriptor's number; -1 when it is closed."""


def has_unread(connection: Descriptor) -> bool:
    """Whether bytes of the client wait in the kernel."""
    try:
        return any(fcntl.ioctl(connection.fileno(), termios.FIONREAD, bytes(4)))
    except (OSError, ValueError):
        # It has just been closed.
        return False


def has_left(connection: socket.socket) -> bool:
    """Whether the client has closed, or reset, a connection that has just been accepted; known on Linux only."""
    if _STATE is None or connection.family == socket.AF_UNIX:
        return False
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, _STATE, 1)[0] in _LEFT
    except OSError:
        return True


class Handshake:
    """A connection that has no protocol until its client has done its part of TLS."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def has_unread(self) -> bool:
        """Whether the client has sent what the event loop has not read yet."""
        return has_unread(self._connection)

    def end_silently(self) -> None:
        """Close at once: the event loop reads the end, and cleans up."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
