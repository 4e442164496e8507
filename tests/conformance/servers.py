"""The servers that the ways need, by the variable with their address."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django_runtimes.cli.processes import find_program
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from django_runtimes.compare.services.mariadb import MariadbServer
from django_runtimes.compare.services.run_directory import run_directory
from tests.conformance.debian_postgres import NoServerError, debian_postgres
from tests.conformance.ways import DATA_API, DYNAMODB, MYSQL, POSTGRESQL, REDIS
from tests.ministack import PROGRAM as MINISTACK
from tests.ministack import ministack_server
from tests.redis_server import PROGRAM as REDIS_SERVER
from tests.redis_server import redis_server

# Linux's directory in memory.
_MEMORY = Path("/dev/shm")


@contextmanager
def _redis() -> Iterator[str]:
    if find_program(REDIS_SERVER) is None:
        raise NoServerError(f"{REDIS_SERVER} is not installed; install the package {REDIS_SERVER}, then run this again")
    with run_directory(account=None) as directory, redis_server(directory) as server:
        yield server.url


@contextmanager
def _dynamodb() -> Iterator[str]:
    if not MINISTACK.exists():
        raise NoServerError(f"{MINISTACK} does not exist; `make conformance` installs it")
    with run_directory(account=None) as directory, ministack_server(directory / "log") as server:
        yield server.url


class _Debian(NamedTuple):
    """Debian's PostgreSQL, as the stand-in asks for its address."""

    address: str
    maintenance_database: str = "postgres"

    def url(self, database: str) -> str:
        return urlsplit(self.address)._replace(path=f"/{database}").geturl()


@contextmanager
def _data_api() -> Iterator[str]:
    """Yield what the settings of both runs need, as JSON."""
    with debian_postgres() as postgresql, DataApiStandIn(_Debian(postgresql), latency_ms=0) as stand_in:  # type: ignore[arg-type]
        yield json.dumps({"postgresql": postgresql, "environ": stand_in.environ("postgres")})


@contextmanager
def _mysql() -> Iterator[str]:
    # No data outlives the run, so durability is not needed.
    options = {"innodb_flush_log_at_trx_commit": "0", "innodb_flush_method": "nosync"}
    with ExitStack() as stack:
        # Every change of a table is flushed to the disk whatever the options say, and the suites create thousands.
        former, tempfile.tempdir = tempfile.tempdir, str(_MEMORY) if _MEMORY.is_dir() else tempfile.tempdir
        try:
            server = stack.enter_context(MariadbServer(max_connections=200, options=options))
        except CompareError as error:
            raise NoServerError(str(error)) from None
        finally:
            tempfile.tempdir = former
        yield server.administration_url


SERVERS: Mapping[str, Callable[[], AbstractContextManager[str]]] = {
    POSTGRESQL: debian_postgres,
    DATA_API: _data_api,
    MYSQL: _mysql,
    REDIS: _redis,
    DYNAMODB: _dynamodb,
}
