"""The TLS context of one login, which limits how long the driver waits for the server."""

import socket
import ssl

from django_runtimes.config.databases.tls import verifies
from django_runtimes.config.values.choices import SslMode
from django_runtimes.databases.sockets.tls_contexts import tls_context


class LoginContext:
    """The part of ssl.SSLContext that python-oracledb uses.

    The driver limits only the opening of a socket. A server that accepts connections and answers nothing would hold a
    thread for ever, so each answer of the handshake and of the login has the same limit here.
    """

    # The driver turns this off for every context, and compares names itself. Here it changes no other connection.
    check_hostname = False

    def __init__(self, mode: str, *, root: str | None, timeout_s: float) -> None:
        # The driver passes no name to the handshake, so the context must not compare one.
        self._context = tls_context(SslMode.VERIFY_CA if verifies(mode) else mode, root=root)
        self._timeout_s = timeout_s

    def wrap_socket(self, plain: socket.socket, server_hostname: str | None = None) -> ssl.SSLSocket:
        """Return the encrypted socket, whose answers have the limit."""
        plain.settimeout(self._timeout_s)
        return self._context.wrap_socket(plain, server_hostname=server_hostname)
