"""The complete system of a case: the real server or the Lambda emulator, the proxy and the database."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django_runtimes.cli import processes
from django_runtimes.compare.codebase.environ import application_environ, target_environ
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import PostgresServer
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime
from tests.faults.parts.databases import DATABASE, administration, backends, log_of, written
from tests.faults.waiting import until_ended

CONTAINER = "aws_ecs/pool/direct"
CONTAINER_PERSISTENT = "aws_ecs/persistent/direct"
LAMBDA = "aws_lambda/per_request/proxy"
LAMBDA_DIRECT = "aws_lambda/per_request/direct"
LAMBDA_PERSISTENT = "aws_lambda/persistent/direct"
LAMBDA_POOL = "aws_lambda/pool/direct"

WORKERS = 2
POOL_MAX = 8
_ROOT = Path(__file__).parents[3]
APPLICATION = Application("tests.faults.application.settings", _ROOT, prepare=())
_COMMANDS = (("migrate", "--verbosity", "0"), ("set_role_timeouts",))
# These variables are stored with the role.
_OF_ROLE = ("WEBAPP_DB_STATEMENT_TIMEOUT_S", "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S")


@dataclass(frozen=True)
class System:
    """The system that receives the fault and the load of a case."""

    target: TargetName
    database: PostgresServer
    proxy: PgBouncer | None
    server: ContainerTarget | LambdaTarget
    environ: dict[str, str]
    most_backends: int
    hidden: tuple[str, ...]
    logs: Path

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def is_lambda(self) -> bool:
        return self.target.runtime is Runtime.AWS_LAMBDA

    async def written(self, keys: list[str]) -> dict[str, int]:
        """Return the number of rows for each key that has any."""
        return await written(self.database, keys)

    @asynccontextmanager
    async def backend_count(self) -> AsyncIterator[Callable[[], Awaitable[int]]]:
        """Yield a function that returns the number of the application's connections."""
        async with administration(self.database) as connection:
            yield lambda: backends(connection)

    def leaking_logs(self) -> int:
        """Return the number of log files that contain a secret."""
        texts = [log.read_bytes() for log in self.logs.rglob("*.log")]
        return sum(any(secret.encode() in text for secret in self.hidden) for text in texts)


@asynccontextmanager
async def serving(
    target: str,
    database: PostgresServer,
    directory: Path,
    *,
    variables: Mapping[str, str] | None = None,
    proxy_pool_size: int = 20,
    concurrency_limit: int = 50,
    ready: int = 8,
    hidden: Sequence[str] = (),
    timeout_s: float = 30.0,
) -> AsyncIterator[System]:
    """Run the migrated application for a target; Lambda begins with `ready` warm execution environments."""
    name = TargetName.parse(target)
    logs = directory / "logs"
    logs.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        proxy = None
        if name.route is Route.PROXY:
            proxy = stack.enter_context(PgBouncer(database, pool_size=proxy_pool_size))
        environ = application_environ(APPLICATION, database_url=database.url(DATABASE), static_root=directory)
        of_role = {name: value for name, value in (variables or {}).items() if name in _OF_ROLE}
        preparing = {**environ, **of_role, "WEBAPP_RUNTIME": Runtime.AWS_ECS.value}
        await prepare_database(preparing, log_of(logs, "prepare"), _COMMANDS)
        environ = {
            **target_environ(name, environ, proxy),
            "WEBAPP_WORKERS": str(WORKERS),
            **(variables or {}),
        }
        server: ContainerTarget | LambdaTarget
        if name.runtime is Runtime.AWS_LAMBDA:
            function = Function(
                name="faults",
                handler="django_runtimes.entrypoints.aws_lambda.handler",
                environ=environ,
                log_directory=logs / "function",
                concurrency_limit=concurrency_limit,
                timeout_s=timeout_s,
            )
            server = await stack.enter_async_context(LambdaTarget(function))
            await server.emulator.warm(ready)
        else:
            server = await stack.enter_async_context(ContainerTarget(environ, log=log_of(logs, "server")))
        yield System(
            target=name,
            database=database,
            proxy=proxy,
            server=server,
            environ=environ,
            most_backends=_most_backends(name, proxy_pool_size, concurrency_limit),
            hidden=(*_hidden(environ, database), *hidden),
            logs=logs,
        )


def _most_backends(name: TargetName, proxy_pool_size: int, concurrency_limit: int) -> int:
    if name.route is Route.PROXY:
        return proxy_pool_size
    if name.runtime is Runtime.AWS_LAMBDA:
        return concurrency_limit
    return WORKERS * POOL_MAX


def _hidden(environ: Mapping[str, str], database: PostgresServer) -> tuple[str, ...]:
    passwords = {urlsplit(url).password for url in (database.url(DATABASE), database.administration_url)}
    return (environ["WEBAPP_SECRET_KEY"], *(password for password in passwords if password))


async def prepare_database(environ: Mapping[str, str], log: Path, commands: Iterable[tuple[str, ...]]) -> None:
    """Run the commands one after another."""
    for command in commands:
        process = processes.spawn([sys.executable, "-m", "webapp", *command], environ=environ, log=log)
        try:
            await until_ended(process)
        finally:
            processes.stop(process)
        if process.returncode != 0:
            raise RuntimeError(f"`webapp {' '.join(command)}` failed: {processes.cause(log)}")
