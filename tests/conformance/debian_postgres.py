"""Debian's PostgreSQL, because the embedded one lacks ICU and extensions that Django's suites need."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from django_runtimes.cli import ports, processes
from django_runtimes.compare.services.run_directory import run_directory

_PLACE = Path("/usr/lib/postgresql")
_ENVIRON = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_START_TIMEOUT_S = 60.0
_INITDB_TIMEOUT_S = 120.0


class NoServerError(Exception):
    """PostgreSQL is not installed, or does not start."""


@contextmanager
def debian_postgres() -> Iterator[str]:
    """Run a new cluster, and yield its superuser's URL."""
    programs = max(_PLACE.glob("*/bin"), default=None)
    if programs is None:
        raise NoServerError(f"{_PLACE} holds no PostgreSQL; install the package postgresql, then run this again")
    account = processes.server_account()
    with run_directory(account) as directory:
        password = secrets.token_hex(16)
        data, password_file = directory / "data", directory / "password"
        data.mkdir(mode=0o700)
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if account is not None:
            for path in (data, password_file):
                os.chown(path, account.pw_uid, account.pw_gid)

        def spawn(program: str, *words: str) -> "subprocess.Popen[bytes]":
            log = directory / f"{program}.log"
            command = [str(programs / program), "-D", str(data), *words]
            return processes.spawn(command, environ=_ENVIRON, log=log, account=account, directory=Path("/"))

        options = ["--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256", "--no-sync"]
        initdb = spawn("initdb", *options, "--locale=C", "--encoding=UTF8")
        try:
            status = initdb.wait(_INITDB_TIMEOUT_S)
        finally:
            processes.stop(initdb)
        if status != 0:
            raise NoServerError((directory / "initdb.log").read_text())
        port = ports.free_port()
        server = spawn("postgres", *_settings(port))
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        try:
            if not processes.wait_until(server, lambda: _answers(url), timeout_s=_START_TIMEOUT_S):
                raise NoServerError((directory / "postgres.log").read_text())
            yield url
        finally:
            processes.stop(server)


def _settings(port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        # No data outlives the run, so durability is not needed.
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True
