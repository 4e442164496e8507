"""A TLS handshake that may have to end."""

import socket
from contextlib import suppress


class Handshake:
    """A connection that has no protocol until its client has done its part of TLS."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def end_silently(self) -> None:
        """Close at once: the event loop reads the end, and cleans up."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
