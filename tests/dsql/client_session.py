"""One client of the stand-in: its login, and its statements as they reach PostgreSQL."""

import asyncio
import os
import re
import socket
import struct
from collections.abc import Callable

from psycopg.pq import ConnStatus, PGconn

from django_runtimes.databases.postgresql.session.lexer import Token
from tests.dsql.statement_rules import Refusal, Transaction, changes_rows, is_commit, refusal_of, tokens_of

SERVER_VERSION = "16.15"
CONFLICT = Refusal("40001", "change conflicts with another transaction (OC000)")
# What PostgreSQL reports where the service finds a conflict at COMMIT: it waited for the row, or the row has changed.
_CONFLICTS = (b"40001", b"55P03")
_PARAMETER = re.compile(rb"\$(\d+)")
_ASYNC = re.compile(r"^\s*(CREATE\s+(?:UNIQUE\s+)?INDEX|ALTER\s+TABLE)\s+ASYNC\b", re.IGNORECASE)
_REPORTED = {"server_version": SERVER_VERSION, "TimeZone": "UTC"}
_REPORTED_BY_SERVER = (
    "client_encoding",
    "DateStyle",
    "IntervalStyle",
    "integer_datetimes",
    "standard_conforming_strings",
)


class ClientSession:
    """Rewrites a client's statements: those that the service refuses fail on PostgreSQL with the service's error.

    So the transaction, the protocol and the following statements behave as after any error of the server.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        takes_conflict: Callable[[], bool],
        statements: list[str],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._takes_conflict = takes_conflict
        self._statements = statements
        self._transaction = Transaction()
        self._is_open = False
        self._dropped_completions = 0

    async def serve(self, upstream: PGconn) -> None:
        """Relay messages between the client and a session on PostgreSQL until either ends."""
        for name in _REPORTED_BY_SERVER:
            value = upstream.parameter_status(name.encode())
            self._send(b"S", name.encode() + b"\0" + (value or b"") + b"\0")
        for name, text in _REPORTED.items():
            self._send(b"S", f"{name}\0{text}\0".encode())
        self._send(b"K", struct.pack("!II", upstream.backend_pid, 0))
        self._send(b"Z", b"I")
        server_reader, server_writer = await asyncio.open_connection(sock=_socket_of(upstream))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._to_server(server_writer))
                group.create_task(self._to_client(server_reader))
        finally:
            server_writer.close()

    async def _to_server(self, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, body = await read_message(self._reader)
            if kind == b"Q":
                body = self._rewritten(body[:-1]) + b"\0"
            elif kind == b"P":
                name, _, rest = body.partition(b"\0")
                text, _, types = rest.partition(b"\0")
                body = name + b"\0" + self._rewritten(text) + b"\0" + types
            writer.write(kind + struct.pack("!I", 4 + len(body)) + body)
            if kind == b"X":
                writer.close()
                raise ConnectionResetError

    async def _to_client(self, reader: asyncio.StreamReader) -> None:
        while True:
            kind, body = await read_message(reader)
            if kind == b"E":
                body = _as_conflict(body)
            elif kind == b"C" and self._dropped_completions:
                self._dropped_completions -= 1
                continue
            elif kind == b"S" and body.split(b"\0")[0].decode() in _REPORTED:
                continue
            elif kind == b"Z":
                self._is_open = body != b"I"
                if not self._is_open:
                    self._transaction.end()
            self._send(kind, body)

    def _rewritten(self, query: bytes) -> bytes:
        text = query.decode()
        statements = tokens_of(text)
        self._statements.append(text)
        for statement in statements:
            if (refusal := refusal_of(statement, self._transaction)) is not None:
                return _failing(refusal, query)
        if statements and self._meets_conflict(statements[0]):
            if not self._is_open:
                return _failing(CONFLICT, query)
            # A client expects one answer to COMMIT, and no open transaction after it.
            self._dropped_completions += 1
            return b"ROLLBACK; " + _failing(CONFLICT, b"")
        if found := _ASYNC.match(text):
            return _job(f"{found[1]} {text[found.end() :]}")
        return query

    def _meets_conflict(self, statement: list[Token]) -> bool:
        """Return whether a conflict was ordered for this transaction, which changed rows and is being committed."""
        if self._is_open:
            return is_commit(statement) and self._transaction.has_rows and self._takes_conflict()
        return changes_rows(statement) and self._takes_conflict()

    def _send(self, kind: bytes, body: bytes) -> None:
        self._writer.write(kind + struct.pack("!I", 4 + len(body)) + body)


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the kind and the body of the next message; raise IncompleteReadError at the end."""
    header = await reader.readexactly(5)
    (length,) = struct.unpack("!I", header[1:])
    return header[:1], await reader.readexactly(length - 4)


def error_message(refusal: Refusal, severity: str = "ERROR") -> bytes:
    """Return the body of an ErrorResponse."""
    return f"S{severity}\0V{severity}\0C{refusal.sqlstate}\0M{refusal.message}\0\0".encode()


def _failing(refusal: Refusal, query: bytes) -> bytes:
    # The statement takes as many parameters as the one that it replaces.
    count = max((int(number) for number in _PARAMETER.findall(query)), default=0)
    values = "".join(f", ${number}::text" for number in range(1, count + 1))
    return f"SELECT standin.refuse({_literal(refusal.sqlstate)}, {_literal(refusal.message)}{values})".encode()


def _job(statement: str) -> bytes:
    kind = "INDEX_BUILD" if "INDEX" in statement[:20].upper() else "VALIDATE_CONSTRAINT"
    return f"SELECT standin.start_job({_literal(statement)}, '{kind}') AS job_id".encode()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _as_conflict(body: bytes) -> bytes:
    fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
    is_foreign = fields.get(b"C") in _CONFLICTS and b"(OC" not in fields.get(b"M", b"")
    return error_message(CONFLICT) if is_foreign else body


def _socket_of(upstream: PGconn) -> socket.socket:
    assert upstream.status == ConnStatus.OK
    return socket.socket(fileno=os.dup(upstream.socket))
