"""Encrypted and verified connections of MySQL's engine to a MariaDB with a certificate for `localhost` only."""

import os
import pwd
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from django.db import OperationalError

from django_runtimes.cli import processes
from django_runtimes.compare.services.mariadb import MariadbServer
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.sockets.tls_contexts import tls_context
from tests.integration.databases.mysql.mysql_entries import entry_with_file, first_value, mysql_entry_of
from tests.prerequisites import require_program

pytestmark = pytest.mark.profile_free

CIPHER = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'ssl_cipher'"


class EncryptedServer(NamedTuple):
    """A MariaDB with TLS, and the roots that do and do not certify it."""

    server: MariadbServer
    root: Path
    other_root: Path

    def url(self, host: str = "localhost", **options: str) -> str:
        url = self.server.administration_url.replace("127.0.0.1", host)
        return f"{url}?{'&'.join(f'{name}={value}' for name, value in options.items())}"


@pytest.fixture(scope="module")
def encrypted() -> Iterator[EncryptedServer]:
    require_program("mariadbd")
    account = processes.server_account()
    with run_directory(account) as directory:
        authority, other = trustme.CA(), trustme.CA()
        certificate = authority.issue_cert("localhost")
        files = {name: directory / f"{name}.pem" for name in ("ssl_cert", "ssl_key", "root", "other_root")}
        certificate.cert_chain_pems[0].write_to_path(files["ssl_cert"])
        certificate.private_key_pem.write_to_path(files["ssl_key"])
        authority.cert_pem.write_to_path(files["root"])
        other.cert_pem.write_to_path(files["other_root"])
        _give(account, *files.values())
        options = {name: str(files[name]) for name in ("ssl_cert", "ssl_key")}
        with MariadbServer(options=options) as server:
            yield EncryptedServer(server, files["root"], files["other_root"])


def _give(account: pwd.struct_passwd | None, *paths: Path) -> None:
    for path in paths if account is not None else ():
        os.chown(path, account.pw_uid, account.pw_gid)


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca", "require", "prefer"])
def test_a_connection_is_encrypted(encrypted, open_wrapper, mode):
    wrapper = open_wrapper(**mysql_entry_of(encrypted.url(sslmode=mode, sslrootcert=str(encrypted.root))))

    assert first_value(wrapper, CIPHER)


def test_plain_text_is_possible_on_this_machine_only(encrypted, open_wrapper):
    assert first_value(open_wrapper(**mysql_entry_of(encrypted.url(sslmode="disable"))), CIPHER) == ""


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca"])
def test_a_server_that_another_authority_certifies_is_refused(encrypted, open_wrapper, mode):
    url = encrypted.url(sslmode=mode, sslrootcert=str(encrypted.other_root))

    with pytest.raises(OperationalError, match="certificate verify failed"):
        open_wrapper(**mysql_entry_of(url)).ensure_connection()


def test_only_verify_full_checks_the_name(encrypted, open_wrapper):
    root = str(encrypted.root)
    with pytest.raises(OperationalError, match="IP address mismatch"):
        open_wrapper(
            **mysql_entry_of(encrypted.url("127.0.0.1", sslmode="verify-full", sslrootcert=root))
        ).ensure_connection()

    wrapper = open_wrapper(**mysql_entry_of(encrypted.url("127.0.0.1", sslmode="verify-ca", sslrootcert=root)))
    assert first_value(wrapper, CIPHER)


def test_a_server_without_tls_is_refused_where_tls_is_required(mariadb_server, open_wrapper):
    url = f"{mariadb_server.administration_url}?sslmode=require"

    with pytest.raises(OperationalError, match="server doesn't support it"):
        open_wrapper(**mysql_entry_of(url)).ensure_connection()


def test_the_port_and_the_login_of_an_option_file(mariadb_server, open_wrapper, tmp_path):
    entry = entry_with_file(tmp_path / "my.cnf", mariadb_server.administration_url, Runtime.LOCAL)

    assert first_value(open_wrapper(**entry), "SELECT @@port") == mariadb_server.port


def test_a_server_that_an_option_file_names_gets_no_plain_text(mariadb_server, open_wrapper, tmp_path):
    url = mariadb_server.administration_url
    # This name of the loopback address counts as one across a network.
    entry = entry_with_file(tmp_path / "my.cnf", url, Runtime.AWS_ECS, host="127.1")

    with pytest.raises(OperationalError, match="server doesn't support it"):
        open_wrapper(**entry).ensure_connection()


def test_roots_in_an_option_file_are_used_under_local(encrypted, open_wrapper, tmp_path):
    url = encrypted.server.administration_url

    def connect(root: Path) -> str:
        lines = {"ssl-ca": str(root)}
        entry = entry_with_file(tmp_path / "my.cnf", url, Runtime.LOCAL, host="localhost", **lines)
        return first_value(open_wrapper(**entry), CIPHER)

    assert connect(encrypted.root)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        connect(encrypted.other_root)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_named_roots_are_used_under_local(encrypted, open_wrapper, host):
    def entry(root: Path) -> dict:
        return mysql_entry_of(encrypted.url(host, **{"ssl-ca": str(root)}), Runtime.LOCAL)

    assert first_value(open_wrapper(**entry(encrypted.root)), CIPHER)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        open_wrapper(**entry(encrypted.other_root)).ensure_connection()


def test_the_context_is_prepared_once(encrypted, open_wrapper, monkeypatch):
    url = encrypted.url(sslmode="verify-full", sslrootcert=str(encrypted.root))
    first_value(open_wrapper(**mysql_entry_of(url)), "SELECT 1")
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_: pytest.fail("roots were loaded again"))

    assert first_value(open_wrapper(**mysql_entry_of(url)), "SELECT 1") == 1


def test_the_mode_decides_what_is_verified():
    verified, unverified = tls_context("verify-full", root="system"), tls_context("require")

    assert (verified.verify_mode, verified.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (unverified.verify_mode, unverified.check_hostname) == (ssl.CERT_NONE, False)


@pytest.fixture
def greedy_server() -> Iterator[tuple[int, list[bytes]]]:
    """A server that asks every client for its password in plain text, and the bytes that it then gets."""
    received: list[bytes] = []
    greeting = (
        b"\x0a" + b"8.0.11\0" + struct.pack("<I", 7) + b"a" * 8 + b"\0" + struct.pack("<H", 0xF7DF)
        + b"\x2d" + struct.pack("<H", 2) + struct.pack("<H", 0x0009) + b"\x15" + b"\0" * 10 + b"b" * 12 + b"\0"
        + b"mysql_native_password\0"
    )  # fmt: skip

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(struct.pack("<I", len(greeting))[:3] + b"\0" + greeting)
            connection.recv(65536)
            switch = b"\xfe" + b"mysql_clear_password\0"
            connection.sendall(struct.pack("<I", len(switch))[:3] + b"\x02" + switch)
            received.append(connection.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], received
        thread.join(60)


def test_no_password_is_sent_in_plain_text(greedy_server, open_wrapper):
    port, received = greedy_server
    wrapper = open_wrapper(**mysql_entry_of(f"mysql://app:hunter2@127.0.0.1:{port}/shop"))

    with pytest.raises(OperationalError, match="asks for the password in plain text") as refused:
        wrapper.ensure_connection()

    assert "set WEBAPP_DB_SSLMODE=verify-full" in str(refused.value)
    assert b"hunter2" not in b"".join(received)


def test_the_shell_is_encrypted_and_verified(encrypted, open_wrapper):
    wrapper = open_wrapper(**mysql_entry_of(encrypted.url(sslmode="verify-full", sslrootcert=str(encrypted.root))))
    other = open_wrapper(**mysql_entry_of(encrypted.url(sslmode="verify-full", sslrootcert=str(encrypted.other_root))))

    assert ask_shell(wrapper).stdout.strip()
    assert "certificate" in ask_shell(other).stderr


def ask_shell(wrapper) -> subprocess.CompletedProcess[str]:
    parameters = ["--skip-column-names", f"--execute={CIPHER}"]
    arguments, environ = wrapper.client.settings_to_cmd_args_env(wrapper.settings_dict, parameters)
    return subprocess.run(arguments, env=os.environ | environ, capture_output=True, text=True, check=False)
