"""`python -m benchmarks.mysql_connection`: the CPU time that this process takes for one connection to MariaDB with TLS.

The server is verified against the bundle of Amazon RDS, to which its own authority is added. Django's statements at the
beginning of a session are part of the connection.
"""

import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import trustme

from django_runtimes.cli import processes
from django_runtimes.compare.services.mariadb import MariadbServer
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime

BAR_MS = 4.0
_ROUNDS, _CONNECTIONS = 7, 100


def measure(url: str) -> list[float]:
    """Return the CPU time of one connection in each round, in milliseconds."""
    environment = Environment({"DATABASE_URL": url})
    entry = database_settings(environment, choose_profile(Runtime.AWS_ECS, environment))
    from django.conf import settings

    settings.configure(USE_TZ=True, DATABASES={"default": entry})
    import django

    django.setup()
    from django.db import connection

    rounds = []
    # The first connection prepares the context, and asks for the server's version.
    _open_and_close(connection)
    for _ in range(_ROUNDS):
        started_s = time.process_time()
        for _ in range(_CONNECTIONS):
            _open_and_close(connection)
        rounds.append((time.process_time() - started_s) * 1000 / _CONNECTIONS)
    return rounds


def main() -> int:
    """Print the median; return 1 if it is above the bar."""
    account = processes.server_account()
    with run_directory(account) as directory:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        files = {name: directory / f"{name}.pem" for name in ("ssl_cert", "ssl_key")}
        certificate.cert_chain_pems[0].write_to_path(files["ssl_cert"])
        certificate.private_key_pem.write_to_path(files["ssl_key"])
        if account is not None:
            for path in files.values():
                os.chown(path, account.pw_uid, account.pw_gid)
        roots = directory / "roots.pem"
        bundle = Path(PACKAGED_ROOTS[Route.DIRECT]).read_bytes()
        roots.write_bytes(bundle + authority.cert_pem.bytes())
        with MariadbServer(options={name: str(path) for name, path in files.items()}) as server:
            url = server.administration_url.replace("127.0.0.1", "localhost")
            rounds = measure(f"{url}?sslmode=verify-full&sslrootcert={roots}")
    found_ms = median(rounds)
    sys.stdout.write(
        f"one connection: {found_ms:.2f} ms of CPU time (median of {_ROUNDS} rounds of {_CONNECTIONS}; "
        f"bar {BAR_MS} ms)\n"
    )
    return int(found_ms > BAR_MS)


def _open_and_close(connection: Any) -> None:
    connection.ensure_connection()
    if connection.connection.ssl is not True:
        raise RuntimeError("the connection is not encrypted")
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
