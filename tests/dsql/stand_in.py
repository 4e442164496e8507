"""Aurora DSQL on 127.0.0.1: tokens, TLS, and the rules of the service in front of a database of a real PostgreSQL."""

import asyncio
import contextlib
import secrets
import ssl
import struct
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import trustme
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import ConnStatus, ExecStatus, PGconn

from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.dsql.client_session import ClientSession, error_message, read_message
from tests.dsql.login_tokens import ADMINISTRATOR, LoginTokens
from tests.dsql.statement_rules import Refusal

REGION = "us-east-1"
HOST = f"standin.dsql.{REGION}.on.aws"
WEB_ROLE = "webapp_web"
_RULES = Path(__file__).with_name("server_rules.sql")
_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104
_PROTOCOL_3 = 196608
_ASK_FOR_CLEARTEXT = b"R" + struct.pack("!II", 8, 3)
_LOGGED_IN = b"R" + struct.pack("!II", 8, 0)
_SESSION = (
    "SET default_transaction_isolation = 'repeatable read'",
    "SET timezone = 'UTC'",
)


class DsqlStandIn:
    """A cluster whose host is HOST, at the address 127.0.0.1.

    `statements` are those that clients sent, `refused_logins` the reasons for refused logins, and `logins` the number
    of others. The service never waits for a row; here a statement waits for `row_wait_s` and then conflicts. Roles:
    `admin` owns the schema, and WEB_ROLE changes rows.
    """

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._database = f"dsql_{secrets.token_hex(4)}"
        self._key_id = f"AKIA{secrets.token_hex(8).upper()}"
        self._secret = secrets.token_hex(20)
        self._tokens = LoginTokens(host=HOST, region=REGION, key_id=self._key_id, secret=self._secret)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ordered_conflicts = 0
        self._authority = trustme.CA()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._stack = ExitStack()
        self.statements: list[str] = []
        self.refused_logins: list[str] = []
        self.logins = 0
        self.row_wait_s = 2
        self.port = 0
        self.root = Path()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._create_database(stack)
            self._authority.issue_cert(HOST).configure_cert(self._tls)
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self.root = directory / "root.pem"
            self._authority.cert_pem.write_to_path(self.root)
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def url(self, role: str = ADMINISTRATOR) -> str:
        """Return the URL of the cluster for a role."""
        return f"dsql://{role}@{HOST}:{self.port}/?hostaddr=127.0.0.1&sslrootcert={self.root}"

    @property
    def options(self) -> dict[str, str]:
        """What OPTIONS has in addition to the entry of a real cluster."""
        return {"hostaddr": "127.0.0.1", "sslrootcert": str(self.root)}

    @property
    def access_key(self) -> dict[str, str]:
        """The AWS credentials that the cluster accepts, as variables."""
        return {"AWS_ACCESS_KEY_ID": self._key_id, "AWS_SECRET_ACCESS_KEY": self._secret, "AWS_REGION": REGION}

    def conflict(self, times: int = 1) -> None:
        """Let the next transactions that change rows conflict at COMMIT."""
        self._ordered_conflicts = times

    @property
    def administration_url(self) -> str:
        """The URL of the database itself, past all rules."""
        return self._postgres.url(self._database, role=self._postgres.administrator)

    def _takes_conflict(self) -> bool:
        if self._ordered_conflicts == 0:
            return False
        self._ordered_conflicts -= 1
        return True

    def _create_database(self, stack: ExitStack) -> None:
        with psycopg.connect(self._postgres.administration_url, autocommit=True) as connection:
            for role in (ADMINISTRATOR, WEB_ROLE):
                if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                    connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            name = sql.Identifier(self._database)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        stack.callback(self._drop_database)
        with psycopg.connect(self.administration_url, autocommit=True) as connection:
            connection.execute(_RULES.read_text())
            connection.execute(f"ALTER SCHEMA public OWNER TO {ADMINISTRATOR}")
            connection.execute(
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {ADMINISTRATOR} IN SCHEMA public "
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {WEB_ROLE}"
            )
            connection.execute(f"GRANT USAGE ON SCHEMA public TO {WEB_ROLE}")

    def _drop_database(self) -> None:
        with psycopg.connect(self._postgres.administration_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._database)))

    def _start(self, stack: ExitStack) -> None:
        thread = threading.Thread(target=self._loop.run_forever, name="dsql stand-in", daemon=True)
        thread.start()
        stack.callback(self._loop.close)
        stack.callback(thread.join)
        stack.callback(self._loop.call_soon_threadsafe, self._loop.stop)
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256), self._loop
        ).result()
        self.port = server.sockets[0].getsockname()[1]
        stack.callback(lambda: asyncio.run_coroutine_threadsafe(self._stop(server), self._loop).result())

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The transports close in the next rounds of the loop.
        await server.wait_closed()
        await asyncio.sleep(0.05)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError, BaseExceptionGroup):
                await self._serve(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, start = await _start_packet(reader)
        while code == _GSS_REQUEST:
            writer.write(b"N")
            code, start = await _start_packet(reader)
        if code != _SSL_REQUEST:
            self.refused_logins.append("a login without TLS")
            return
        writer.write(b"S")
        await writer.start_tls(self._tls)
        code, start = await _start_packet(reader)
        assert code == _PROTOCOL_3, code
        words = start.decode().split("\0")
        parameters = dict(zip(words[::2], words[1::2], strict=False))
        writer.write(_ASK_FOR_CLEARTEXT)
        _, password = await read_message(reader)
        reason = self._tokens.why_refused(password.rstrip(b"\0").decode(), parameters["user"])
        if reason is not None:
            self.refused_logins.append(reason)
            _refuse(writer, Refusal("28000", f"unable to accept connection, access denied: {reason}"))
            await writer.drain()
            return
        upstream = await asyncio.to_thread(self._upstream, parameters)
        try:
            self.logins += 1
            writer.write(_LOGGED_IN)
            session = ClientSession(reader, writer, takes_conflict=self._takes_conflict, statements=self.statements)
            await session.serve(upstream)
        finally:
            upstream.finish()

    def _upstream(self, parameters: dict[str, str]) -> PGconn:
        given = {name: parameters[name] for name in ("application_name", "client_encoding") if name in parameters}
        connection = PGconn.connect(make_conninfo(self.administration_url, **given).encode())
        assert connection.status == ConnStatus.OK, connection.get_error_message()
        role = parameters["user"].replace('"', '""')
        waiting = f"SET lock_timeout = '{self.row_wait_s}s'"
        for statement in (*_SESSION, waiting, f'SET SESSION AUTHORIZATION "{role}"'):
            result = connection.exec_(statement.encode())
            assert result.status == ExecStatus.COMMAND_OK, result.get_error_message()
        return connection


def _refuse(writer: asyncio.StreamWriter, refusal: Refusal) -> None:
    body = error_message(refusal, "FATAL")
    writer.write(b"E" + struct.pack("!I", 4 + len(body)) + body)


async def _start_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    length, code = struct.unpack("!II", await reader.readexactly(8))
    return code, await reader.readexactly(length - 8)
