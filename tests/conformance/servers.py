"""The servers that the ways need, by the variable with their address."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from django_runtimes.cli.processes import find_program
from django_runtimes.compare.services.run_directory import run_directory
from tests.conformance.debian_postgres import NoServerError, debian_postgres
from tests.conformance.ways import DYNAMODB, POSTGRESQL, REDIS
from tests.ministack import PROGRAM as MINISTACK
from tests.ministack import ministack_server
from tests.redis_server import PROGRAM as REDIS_SERVER
from tests.redis_server import redis_server


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


SERVERS: Mapping[str, Callable[[], AbstractContextManager[str]]] = {
    POSTGRESQL: debian_postgres,
    REDIS: _redis,
    DYNAMODB: _dynamodb,
}
