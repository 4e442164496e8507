"""Runs Debian's PostgreSQL with TLS, which the embedded PostgreSQL lacks."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import trustme

from django_runtimes.cli import ports, processes
from django_runtimes.compare.services.run_directory import run_directory
from tests.prerequisites import require_program

# Debian keeps the server of each version in its own directory, which is not on PATH.
_DEBIAN = Path("/usr/lib/postgresql")
_HOST_NAME = "db.example"


@dataclass(frozen=True)
class TlsServer:
    """A server on 127.0.0.1 with a certificate for `db.example` only; it refuses unencrypted connections."""

    port: int
    password: str
    root: Path
    other_root: Path

    def url(self, host: str = _HOST_NAME, *, login: str | None = None, **options: str) -> str:
        """Return the superuser's URL; the certificate is checked against `host`."""
        login = f"postgres:{self.password}" if login is None else login
        pairs = {"hostaddr": "127.0.0.1", "sslrootcert": str(self.root), **options}
        query = "&".join(f"{name}={value}" for name, value in pairs.items())
        return f"postgresql://{login}@{host}:{self.port}/postgres?{query}"


@contextmanager
def tls_server() -> Iterator[TlsServer]:
    """Run a new cluster until the block ends; skip the test if PostgreSQL's server is not installed."""
    programs = max(_DEBIAN.glob("*/bin"), default=None)
    if programs is None:
        require_program("postgres")
        programs = Path(processes.find_program("postgres")).parent
    account = processes.server_account()
    with run_directory(account) as directory:
        password = secrets.token_hex(16)
        root, other_root = _write_certificates(directory)
        _initialise(programs, directory, password, account)
        port = ports.free_port()
        log = directory / "postgres.log"
        process = processes.spawn(
            [str(programs / "postgres"), "-D", str(directory / "data"), *_settings(directory, port)],
            environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            log=log,
            account=account,
            directory=Path("/"),
        )
        server = TlsServer(port, password, root, other_root)
        try:
            assert processes.wait_until(process, lambda: _answers(server), timeout_s=120), log.read_text()
            yield server
        finally:
            processes.stop(process)


def _write_certificates(directory: Path) -> tuple[Path, Path]:
    authority = trustme.CA()
    certificate = authority.issue_cert(_HOST_NAME)
    certificate.private_key_pem.write_to_path(directory / "server.key")
    certificate.cert_chain_pems[0].write_to_path(directory / "server.crt")
    root, other_root = directory / "root.pem", directory / "other.pem"
    authority.cert_pem.write_to_path(root)
    trustme.CA().cert_pem.write_to_path(other_root)
    return root, other_root


def _initialise(programs: Path, directory: Path, password: str, account) -> None:
    data, password_file = directory / "data", directory / "password"
    data.mkdir(mode=0o700)
    password_file.write_text(password)
    (directory / "server.key").chmod(0o600)
    if account is not None:
        for path in (data, password_file, directory / "server.key", directory / "server.crt"):
            os.chown(path, account.pw_uid, account.pw_gid)
    log = directory / "initdb.log"
    options = ["--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256", "--no-sync", "--locale=C"]
    process = processes.spawn(
        [str(programs / "initdb"), f"--pgdata={data}", *options],
        environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        log=log,
        account=account,
        directory=Path("/"),
    )
    try:
        assert process.wait(120) == 0, log.read_text()
    except subprocess.TimeoutExpired:
        processes.stop(process)
        raise
    # RDS receives a token as a clear-text password inside TLS.
    rules = ["hostssl all token 127.0.0.1/32 password", "hostssl all all 127.0.0.1/32 scram-sha-256"]
    (data / "pg_hba.conf").write_text("\n".join(rules) + "\n")


def _settings(directory: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "ssl": "on",
        "ssl_cert_file": str(directory / "server.crt"),
        "ssl_key_file": str(directory / "server.key"),
        "fsync": "off",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _answers(server: TlsServer) -> bool:
    try:
        psycopg.connect(server.url(sslmode="require"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
