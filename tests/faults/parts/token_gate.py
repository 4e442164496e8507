"""A gate in front of PostgreSQL that takes an IAM token as a password over TLS and checks its age, as RDS does."""

import asyncio
import contextlib
import ssl
import struct
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import trustme
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_SSL_REQUEST = 80877103
_PROTOCOL_3 = 196608
_ASK_FOR_CLEARTEXT = b"R" + struct.pack("!II", 8, 3)
_REFUSAL = b"SFATAL\0VFATAL\0C28P01\0MPAM authentication failed\0\0"


class TokenGate:
    """Listens on 127.0.0.1 and forwards each client with a valid token to a server that trusts the gate.

    A token is valid for `lifetime_s`, in place of the 900 s of AWS. `accepted` counts the successful logins, `refused`
    has the reason for each refused one, `tokens` has the accepted tokens, and `oldest_s` is the highest age of an
    accepted token.
    """

    def __init__(self, target: int, *, access_key: dict[str, str], region: str, lifetime_s: float) -> None:
        self.port = 0
        self.refused: list[str] = []
        self.accepted = 0
        self.oldest_s = 0.0
        self.tokens: set[str] = set()
        self._target = target
        self._key = Credentials(access_key["AWS_ACCESS_KEY_ID"], access_key["AWS_SECRET_ACCESS_KEY"])
        self._region = region
        self._lifetime_s = lifetime_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.authority = trustme.CA()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(self._tls)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()
        self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, _ = await _start_packet(reader)
        if code != _SSL_REQUEST:
            self.refused.append("a login without TLS")
            return
        writer.write(b"S")
        await writer.start_tls(self._tls)
        code, start = await _start_packet(reader)
        assert code == _PROTOCOL_3, code
        writer.write(_ASK_FOR_CLEARTEXT)
        await reader.readexactly(1)
        (length,) = struct.unpack("!I", await reader.readexactly(4))
        token = (await reader.readexactly(length - 4)).rstrip(b"\0").decode()
        if reason := self._reason_to_refuse(token, _user(start)):
            self.refused.append(reason)
            writer.write(b"E" + struct.pack("!I", 4 + len(_REFUSAL)) + _REFUSAL)
            return
        self.accepted += 1
        self.tokens.add(token)
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._target)
        onward_writer.write(struct.pack("!II", 8 + len(start), _PROTOCOL_3) + start)
        async with asyncio.TaskGroup() as group:
            group.create_task(_forward(reader, onward_writer))
            group.create_task(_forward(onward_reader, writer))

    def _reason_to_refuse(self, token: str, user: str) -> str | None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(f"https://{token}").query).items()}
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        age_s = (datetime.now(UTC) - signed_at).total_seconds()
        if age_s > self._lifetime_s:
            return f"a token {age_s:.1f} s old"
        if query["X-Amz-Signature"] != self._signature(user, query):
            return "a token with another signature"
        self.oldest_s = max(self.oldest_s, age_s)
        return None

    def _signature(self, user: str, query: dict[str, str]) -> str:
        """Return the signature that botocore makes for this user and address at the token's time."""
        request = AWSRequest("GET", f"https://127.0.0.1:{self.port}/", params={"Action": "connect", "DBUser": user})
        request.context["timestamp"] = query["X-Amz-Date"]
        signer = SigV4QueryAuth(self._key, "rds-db", self._region, expires=int(query["X-Amz-Expires"]))
        signer._modify_request_before_signing(request)
        return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


async def _start_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    length, code = struct.unpack("!II", await reader.readexactly(8))
    return code, await reader.readexactly(length - 8)


def _user(start: bytes) -> str:
    words = start.split(b"\0")
    return dict(zip(words[::2], words[1::2], strict=False))[b"user"].decode()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        # Either side, or the case itself, may drop the connection.
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
    finally:
        writer.close()
