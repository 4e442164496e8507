"""A TLS handshake that can be aborted, and checks of a socket's state."""

import fcntl
import socket
import termios
from contextlib import suppress
from typing import Protocol

# The first byte of TCP_INFO is the TCP state.
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
# Linux's TCP_CLOSE and TCP_CLOSE_WAIT.
_CLOSED_STATES = frozenset({7, 8})


class Descriptor(Protocol):
    """A socket, or an event loop's view of one."""

    def fileno(self) -> int:
        """Return the file descriptor's number, or -1 if it is closed."""


def has_unread(connection: Descriptor) -> bool:
    """Return whether the kernel holds unread bytes from the client."""
    try:
        return any(fcntl.ioctl(connection.fileno(), termios.FIONREAD, bytes(4)))
    except (OSError, ValueError):
        # The connection has just been closed.
        return False


def has_left(connection: socket.socket) -> bool:
    """Return whether the client has closed or reset a connection that was just accepted; only known on Linux."""
    if _TCP_INFO is None or connection.family == socket.AF_UNIX:
        return False
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1)[0] in _CLOSED_STATES
    except OSError:
        return True


class Handshake:
    """A connection whose TLS handshake is not complete, and which has no protocol yet."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def has_unread(self) -> bool:
        """Return whether the client has sent data that the event loop has not read yet."""
        return has_unread(self._connection)

    def end_silently(self) -> None:
        """Shut the socket down; the event loop then reads end of file and cleans up."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
