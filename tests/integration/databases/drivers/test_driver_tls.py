"""The drivers of Oracle and SQL Server refuse servers that do not encrypt, or that they cannot verify."""

import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme
from django.db import OperationalError
from django.test import RequestFactory

from django_runtimes.databases.sockets.tls_contexts import tls_context
from django_runtimes.outages.responses import answer_to
from tests.integration.databases.drivers.conftest import listening

pytestmark = [
    pytest.mark.profile_free,
    # oracledb leaves the socket of a connection that fails after the handshake to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
    pytest.mark.usefixtures("collected_garbage"),
]

PASSWORD = "correct-horse"
# The first byte of a handshake.
HANDSHAKE = b"\x16"
_PRELOGIN_LENGTH = 7


def connection_error(wrapper) -> OperationalError:
    with pytest.raises(OperationalError) as caught:
        wrapper.ensure_connection()
    assert answer_to(caught.value, RequestFactory().get("/")).status_code == 503
    return caught.value


class PlainOracle:
    """A listener without TLS; `received` is what clients sent."""

    def __init__(self) -> None:
        self.received = b""

    def __call__(self, client: socket.socket) -> None:
        self.received += client.recv(4096)
        client.sendall(b"\x00\x08\x00\x00\x04\x00\x00\x00")


def test_oracle_sends_nothing_but_a_handshake_to_a_plain_listener(wrapper_of):
    listener = PlainOracle()
    with listening(listener) as port:
        error = connection_error(wrapper_of(f"oracle://app:{PASSWORD}@localhost:{port}/ORCL?sslmode=verify-full"))

    assert "SSL" in str(error)
    assert listener.received.startswith(HANDSHAKE)


class EncryptedListener:
    """A listener with a certificate for `localhost`; `has_client` is set when a client has accepted it."""

    def __init__(self, authority: trustme.CA) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The protocol of SQL Server's strict mode.
        self._context.set_alpn_protocols(["tds/8.0"])
        authority.issue_cert("localhost").configure_cert(self._context)
        self.has_client = threading.Event()

    def __call__(self, client: socket.socket) -> None:
        with self._context.wrap_socket(client, server_side=True) as encrypted:
            if encrypted.recv(1):
                self.has_client.set()


@pytest.fixture
def roots(tmp_path) -> tuple[trustme.CA, Path, Path]:
    """Return an authority with its file, and the file of another one."""
    authority, other = trustme.CA(), trustme.CA()
    files = tmp_path / "roots.pem", tmp_path / "other.pem"
    authority.cert_pem.write_to_path(files[0])
    other.cert_pem.write_to_path(files[1])
    return authority, *files


def test_oracle_accepts_a_server_with_the_trusted_root(wrapper_of, roots):
    authority, root, _ = roots
    listener = EncryptedListener(authority)
    with listening(listener) as port:
        connection_error(wrapper_of(f"oracle://app@localhost:{port}/ORCL?sslmode=verify-full&sslrootcert={root}"))

        assert listener.has_client.wait(120)


def test_oracle_refuses_a_server_with_another_root(wrapper_of, roots):
    authority, _, other = roots
    listener = EncryptedListener(authority)
    with listening(listener) as port:
        error = connection_error(
            wrapper_of(f"oracle://app@localhost:{port}/ORCL?sslmode=verify-full&sslrootcert={other}")
        )

    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert not listener.has_client.is_set()


@pytest.mark.parametrize(("mode", "is_accepted"), [("verify-full", False), ("verify-ca", True)])
def test_only_verify_full_compares_oracles_name(wrapper_of, roots, mode, is_accepted):
    authority, root, _ = roots
    listener = EncryptedListener(authority)
    with listening(listener) as port:
        connection_error(wrapper_of(f"oracle://app@127.0.0.1:{port}/ORCL?sslmode={mode}&sslrootcert={root}"))

        assert listener.has_client.wait(120 if is_accepted else 0) is is_accepted


def test_oracle_gives_up_a_server_that_answers_nothing_after_the_handshake(wrapper_of, roots):
    authority, root, _ = roots
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    has_client, has_ended = threading.Event(), threading.Event()

    def stay_silent(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as encrypted:
            encrypted.recv(4096)
            has_client.set()
            has_ended.wait(600)

    with listening(stay_silent) as port:
        url = f"oracle://app@localhost:{port}/ORCL?sslmode=verify-full&sslrootcert={root}"
        # On a machine that stands still, the handshake may exceed the limit as well.
        while not has_client.is_set():
            connection_error(wrapper_of(url, WEBAPP_DB_CONNECT_TIMEOUT_S="1"))
        has_ended.set()


def test_oracles_driver_changes_no_context_of_another_engine(wrapper_of, roots):
    authority, root, _ = roots
    shared = tls_context("verify-full", root=str(root))
    with listening(EncryptedListener(authority)) as port:
        connection_error(wrapper_of(f"oracle://app@localhost:{port}/ORCL?sslmode=verify-full&sslrootcert={root}"))

    assert tls_context("verify-full", root=str(root)) is shared
    assert shared.check_hostname


class PlainSqlServer:
    """A listener that answers as a SQL Server without TLS; `received` is what clients sent after its answer."""

    def __init__(self) -> None:
        self.received = b""

    def __call__(self, client: socket.socket) -> None:
        client.recv(4096)
        # The options VERSION and ENCRYPTION, each with its place, and then their values; 2 is "not supported".
        options = bytes([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 255]) + bytes([16, 0, 0, 0, 0, 0]) + bytes([2])
        client.sendall(bytes([4, 1]) + (8 + len(options)).to_bytes(2, "big") + bytes([0, 0, 1, 0]) + options)
        self.received += client.recv(4096)


@pytest.mark.parametrize("mode", ["verify-full", "require"])
def test_sql_servers_driver_sends_no_login_to_a_server_without_tls(wrapper_of, mode):
    listener = PlainSqlServer()
    with listening(listener) as port:
        error = connection_error(wrapper_of(f"mssql://app:{PASSWORD}@localhost:{port}/shop?sslmode={mode}"))

    assert "Encryption not supported" in str(error)
    assert listener.received == b""


@pytest.mark.parametrize("is_trusted", [True, False])
def test_sql_servers_driver_trusts_the_roots_of_the_system(wrapper_of, roots, monkeypatch, is_trusted):
    authority, root, other = roots
    monkeypatch.setenv("SSL_CERT_FILE", str(root if is_trusted else other))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    listener = EncryptedListener(authority)
    with listening(listener) as port:
        wrapper = wrapper_of(f"mssql://app:{PASSWORD}@localhost:{port}/shop?sslmode=verify-full")
        # In this mode the handshake comes first, so that a listener needs no more of the protocol.
        parameters = wrapper.get_connection_params()
        options = parameters["entry"]["OPTIONS"]
        options["extra_params"] = options["extra_params"].replace("Encrypt=yes", "Encrypt=strict")
        with pytest.raises(Exception, match=r"\[08001\]") as caught:
            wrapper.get_new_connection(parameters)

        assert listener.has_client.wait(120 if is_trusted else 0) is is_trusted
    assert ("certificate verify failed" in str(caught.value)) is not is_trusted
