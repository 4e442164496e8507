"""The contenders: pools in the process, a pooler in front of the server, and no pool at all."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from benchmarks.contenders import servers
from benchmarks.contenders.entry_points import launch_module
from benchmarks.contenders.peers import CHECKOUT
from django_runtimes.cli import processes
from django_runtimes.compare.services.port import start_on_port
from django_runtimes.compare.workload.workload import DEFAULT_HOST

WORKERS = 2
# Of each worker, and as many requests at the same time.
THREADS = 20
# Of each worker's pool.
POOL_SIZE = 4
LIMIT = WORKERS * POOL_SIZE
LIBRARY = "library"
_START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Contender:
    """One way to connect; `key` names its entry of DATABASES.

    `lock` is its lock file in requirements/pools/, or empty for the packages of this checkout. `limit` is the number of
    connections that its configuration allows all workers together, or None without a limit. `server` is gunicorn's
    class of workers, or the library's server.
    """

    key: str
    title: str
    lock: str = ""
    server: str = "gthread"
    limit: int | None = LIMIT

    @property
    def lock_file(self) -> Path | None:
        """The path of the lock file, if it has one."""
        return CHECKOUT / "requirements" / "pools" / f"{self.lock}.txt" if self.lock else None

    @property
    def venv(self) -> Path:
        """The directory of the environment that its lock file describes."""
        return CHECKOUT / ".venv-pools" / self.lock

    @property
    def is_pooler(self) -> bool:
        """Whether its connections go through PgBouncer."""
        return self.key == "pgbouncer"


CONTENDERS = (
    Contender("no-pool", "no pool (Django, a connection per request)", limit=None),
    # A thread of another server returns its connection after each query, so this engine is measured on its own server.
    Contender("library", "psycopg's pool, this library's engine and server", server=LIBRARY),
    Contender("django", "psycopg's pool, Django's engine"),
    Contender("geventpool", "django-db-geventpool", lock="geventpool", server="gevent"),
    Contender("connection-pool", "django-db-connection-pool", lock="connection-pool"),
    Contender("psycopg2", "psycopg2.pool", lock="psycopg2"),
    Contender("pgbouncer", "PgBouncer, transaction mode"),
)


def command(contender: Contender, port: int) -> list[str]:
    """Return the arguments of `python` for a server on 127.0.0.1; the library's reads the port from its variables."""
    if contender.server == LIBRARY:
        return ["-m", launch_module(CHECKOUT)]
    concurrency = "--worker-connections" if contender.server == "gevent" else "--threads"
    return [
        *("-m", "gunicorn", "--workers", str(WORKERS), "--worker-class", contender.server),
        *(concurrency, str(THREADS), "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm"),  # noqa: S108
        *("--no-control-socket", "--bind", f"127.0.0.1:{port}", "benchmarks.pools.project.wsgi:application"),
    ]


def environ(contender: Contender, url: str, port: int) -> dict[str, str]:
    """Return the variables of a server on this port whose database is at `url`."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.pools.project.settings",
        "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'src'}",
        "BENCH_POOL": contender.key,
        "BENCH_POOL_SIZE": str(POOL_SIZE),
        "BENCH_DATABASE_URL": url,
        "BENCH_SECRET_KEY": secrets.token_urlsafe(50),
    }
    if contender.server == LIBRARY:
        variables |= {
            "WEBAPP_RUNTIME": "aws_ecs",
            "WEBAPP_BIND_HOST": "127.0.0.1",
            "PORT": str(port),
            "WEBAPP_WORKERS": str(WORKERS),
            "WEBAPP_THREADS": str(THREADS),
            "WEBAPP_DB_POOL_MAX_SIZE": str(POOL_SIZE),
            "WEBAPP_DB_POOL_TIMEOUT_S": "10",
            "WEBAPP_ALLOWED_HOSTS": f"127.0.0.1,{DEFAULT_HOST}",
            # The embedded server has no TLS; plain text is allowed on the loopback interface only.
            "DATABASE_URL": f"{url}?sslmode=prefer",
        }
    return variables


@contextmanager
def server(contender: Contender, python: Path, url: str, log: Path) -> Iterator[str]:
    """Start the server, and yield its address; raise CompareError with the end of the log if it does not answer."""
    started: list[subprocess.Popen[bytes]] = []
    address = ""

    def start(port: int) -> subprocess.Popen[bytes]:
        nonlocal address
        address = f"http://127.0.0.1:{port}"
        started.append(
            processes.spawn(
                [str(python), *command(contender, port)],
                environ=environ(contender, url, port),
                log=log,
                death_signal=SIGTERM,
                directory=CHECKOUT,
            )
        )
        return started[-1]

    try:
        start_on_port(
            start,
            lambda: servers.answer(f"{address}/work") is not None,
            name=contender.title,
            wanted=None,
            log=log,
            timeout_s=_START_TIMEOUT_S,
        )
        yield address
    finally:
        for process in started:
            processes.stop(process)
