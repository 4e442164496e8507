"""The servers and processes that one scenario starts; all of them end with it."""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import psycopg

from django_runtimes.cli import ports, processes
from django_runtimes.compare.claims.claim_project import ClaimProject
from django_runtimes.compare.codebase.environ import application_environ, proxied_url, target_environ
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.values.connection_strategy import Route

# The measured application, unless a scenario has another.
PROBE = "a view of webapp's own that runs one query"

_PROBE = "django_runtimes.compare.claims.probe"
STOCK_SETTINGS = f"{_PROBE}.stock_settings"
PROBE_SETTINGS = f"{_PROBE}.probe_settings"
STOCK_ASGI = f"{_PROBE}.stock_asgi:application"
STOCK_WSGI = f"{_PROBE}.stock_wsgi:application"
STOCK_FUNCTION = f"{_PROBE}.stock_function.handler"
LAMBDA_HANDLER = "django_runtimes.entrypoints.aws_lambda.handler"
_START_TIMEOUT_S = 60.0
_CONNECT_TIMEOUT_S = 30


@dataclass(frozen=True)
class Startable:
    """The variables and the folder of a function whose starts are measured, and a description of it."""

    environ: Mapping[str, str]
    directory: Path
    subject: str


class ClaimServices:
    """Starts PostgreSQL, PgBouncer and servers for one scenario; an async context manager that ends them.

    Enter it in the main thread: the kernel stops the processes when the thread that started them ends.
    """

    def __init__(self, workspace: Path, project: ClaimProject | None = None) -> None:
        """Write logs into the folder `workspace`; the claims about starts measure `project`, if given."""
        self.workspace = workspace
        self._project = project
        self.stack = AsyncExitStack()
        self.session: aiohttp.ClientSession
        self._directory = workspace / "application"

    async def __aenter__(self) -> Self:
        self._directory.mkdir(exist_ok=True)
        # A burst needs as many connections as requests.
        self.session = await self.stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1.0),
                timeout=aiohttp.ClientTimeout(total=30),
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stack.aclose()

    def postgres(self, *databases: str, max_connections: int = 100) -> EmbeddedPostgres:
        """Start a PostgreSQL server with these databases, which ends with the scenario."""
        server = self.stack.enter_context(EmbeddedPostgres(max_connections=max_connections))
        for database in databases:
            create_database(server, database)
        return server

    def proxy(self, server: EmbeddedPostgres, *, pool_size: int) -> PgBouncer:
        """Start PgBouncer in front of the server."""
        return self.stack.enter_context(PgBouncer(server, pool_size=pool_size))

    def environ(self, database_url: str, *, settings: str = STOCK_SETTINGS, **variables: str) -> dict[str, str]:
        """Return the variables of a process that serves webapp's own views."""
        application = Application(settings_module=settings, python_path=None, prepare=())
        environ = application_environ(application, database_url=database_url, static_root=self.workspace / "static")
        return {**environ, "WEBAPP_ALLOWED_HOSTS": "127.0.0.1", **variables}

    def library_environ(
        self, name: TargetName, server: EmbeddedPostgres, database: str, proxy: PgBouncer | None = None
    ) -> dict[str, str]:
        """Return the variables of a process that serves webapp's own views with the library, as this target."""
        environ = self.environ(server.application_url(database), settings=PROBE_SETTINGS)
        if proxy is not None and name.route is Route.PROXY:
            environ["DATABASE_URL"] = proxied_url(environ["DATABASE_URL"], proxy)
        return target_environ(name, environ, proxy)

    def startable(self, name: TargetName, server: EmbeddedPostgres, database: str) -> Startable:
        """Return the project's function with its database prepared, or webapp's own without a project."""
        if self._project is None:
            return Startable(self.library_environ(name, server, database), self._directory, PROBE)
        environ = self._project.prepared_environ(name, server, database, self.workspace)
        return Startable(environ, self._project.working_directory, self._project.subject)

    def uvicorn(self, environ: Mapping[str, str]) -> str:
        """Start uvicorn with Django's own ASGI handler in one process; return its URL."""
        port = ports.free_port()
        options = ["--host", "127.0.0.1", "--port", str(port), "--lifespan", "off", "--no-access-log"]
        return self._serve(["-m", "uvicorn", STOCK_ASGI, *options], environ, port)

    def gunicorn(self, environ: Mapping[str, str]) -> str:
        """Start gunicorn with Django's own WSGI handler in one process with one thread; return its URL."""
        port = ports.free_port()
        options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--worker-class", "gthread", "--threads", "1"]
        return self._serve(["-m", "gunicorn", STOCK_WSGI, *options, "--no-control-socket"], environ, port)

    def function(self, name: str, handler: str, environ: Mapping[str, str], directory: Path | None = None) -> Function:
        """Return a Lambda function whose processes run this handler, in `directory` or an empty folder.

        Their logs are in a folder with the function's name, which is unique in its scenario.
        """
        return Function(
            name=name,
            handler=handler,
            environ=environ,
            log_directory=self.workspace / name,
            task_root=directory or self._directory,
        )

    async def status(self, url: str) -> int:
        """Send one request and return the status of its response; raise CompareError without a response."""
        try:
            async with self.session.get(url) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CompareError(
                f"{url} does not answer ({type(error).__name__}); check that nothing ends its process"
            ) from None

    async def statuses(self, url: str, *, times: int) -> Counter[int]:
        """Send simultaneous requests and count the statuses of their responses."""
        return Counter(await asyncio.gather(*(self.status(url) for _ in range(times))))

    async def require_ok(self, url: str, *, times: int = 1) -> None:
        """Send simultaneous requests; raise CompareError unless each gets 200."""
        for status in await self.statuses(url, times=times):
            if status != HTTPStatus.OK:
                raise CompareError(f"{url} answers {status}, not 200; run the claim again on a quieter machine")

    def _serve(self, arguments: Sequence[str], environ: Mapping[str, str], port: int) -> str:
        log = self.workspace / f"server-{port}.log"
        process = processes.spawn([sys.executable, *arguments], environ=environ, log=log, directory=self._directory)
        self.stack.callback(processes.stop, process)
        if not ports.wait_until_listening(process, port, timeout_s=_START_TIMEOUT_S):
            raise CompareError(
                f"the server of a claim is not ready after {_START_TIMEOUT_S:g} s: {processes.cause(log)}; "
                "check that this Python has the extra [compare]"
            )
        return f"http://127.0.0.1:{port}"


class DatabaseCounter:
    """Counts the connections of one database exactly, on a connection to another one."""

    def __init__(self, server: EmbeddedPostgres, database: str) -> None:
        self._url = server.administration_url
        self._database = database

    def held(self) -> int:
        """Return the number of connections that clients hold now."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = %s"
        with psycopg.connect(self._url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            row = connection.execute(query, [self._database]).fetchone()
        return int(row[0]) if row else 0

    async def settled(self) -> int:
        """Return the number of connections opened so far, once it has not changed for half a second."""
        async with ConnectionSampler(PostgresqlCounter(self._url), [self._database]) as sampler:
            return await sampler.opened(self._database)
