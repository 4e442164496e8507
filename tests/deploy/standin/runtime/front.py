"""Replaces the internet with an HTTPS proxy that routes each host name to its function or service."""

import asyncio
import contextlib
import json
import ssl
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import trustme
from aiohttp import web
from multidict import CIMultiDict

from django_runtimes.compare.emulator.event import HttpRequest, event_from, response_from
from django_runtimes.compare.emulator.invocation import MalformedResult, new_trace_id
from tests.deploy.standin.cloudformation.stack import every
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.world import World

_KIND = "address"
_PER_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}


def put_address(world: World, host: str, what: dict[str, Any]) -> None:
    """Route a host name to a function (region, name, qualifier) or to a service."""
    world.state.put(_KIND, host, what)


def delete_address(world: World, host: str) -> None:
    world.state.delete(_KIND, host)


class Front:
    """Accepts CONNECT on the proxy's port, and terminates TLS with certificates of its own authority."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._authority = _authority(world.directory)
        self._contexts: dict[str, ssl.SSLContext] = {}

    async def start(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        # Keep no idle connections, because a stopping server would wait for them.
        connector = aiohttp.TCPConnector(force_close=True)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        self._web = web.Server(self._answer, access_log=None, auto_decompress=False)
        context = self._context("localhost")
        context.sni_callback = self._choose_certificate
        self._tls = await loop.create_server(self._web, "127.0.0.1", 0, ssl=context)
        self._tls_port = self._tls.sockets[0].getsockname()[1]
        self._proxy = await asyncio.start_server(self._connect, "127.0.0.1", port)

    async def close(self) -> None:
        self._proxy.close()
        self._tls.close()
        await self._web.shutdown(0.05)
        await self._session.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"CONNECT "):
                writer.write(b"HTTP/1.1 405 Only CONNECT\r\n\r\n")
                writer.close()
                return
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._tls_port)
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    def _choose_certificate(self, connection: ssl.SSLObject, host: str | None, context: ssl.SSLContext) -> None:
        connection.context = self._context(host or "localhost")

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        host = request.headers.get("Host", "").partition(":")[0]
        what = self._world.state.get(_KIND, host) or self._by_domain(host)
        if what is None:
            return web.Response(status=502, text=f"no stack serves {host}")
        body = await request.read() if request.can_read_body else b""
        if "function" in what:
            return await self._by_function(request, body, what)
        port = self._world.containers.port_of(what["service"])
        if port is None:
            return web.Response(status=503, text="503 Service Temporarily Unavailable")
        headers = CIMultiDict(request.headers)
        headers["X-Forwarded-Proto"], headers["X-Forwarded-For"] = "https", "127.0.0.1"
        url = aiohttp.client.URL(f"http://127.0.0.1:{port}{request.raw_path}", encoded=True)
        try:
            async with self._session.request(
                request.method, url, headers=headers, data=body or None, allow_redirects=False
            ) as response:
                kept = [
                    (name, value) for name, value in response.headers.items() if name.lower() not in _PER_CONNECTION
                ]
                if "Content-Encoding" in response.headers:
                    kept.append(("Content-Encoding", response.headers["Content-Encoding"]))
                return web.Response(status=response.status, headers=CIMultiDict(kept), body=await response.read())
        except aiohttp.ClientError:
            return web.Response(status=502, text="502 Bad Gateway")

    async def _by_function(self, request: web.BaseRequest, body: bytes, what: dict[str, Any]) -> web.Response:
        event = event_from(
            HttpRequest(
                method=request.method,
                target=request.raw_path,
                protocol="HTTP/1.1",
                headers=(
                    *((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-for", "127.0.0.1"),
                ),
                body=body,
                source_ip="127.0.0.1",
                received_at=datetime.now(UTC),
                request_id=str(uuid.uuid4()),
                trace_id=new_trace_id().partition(";")[0],
            )
        )
        try:
            result = await self._world.functions.invoke(
                what["region"], what["function"], what["qualifier"], json.dumps(event).encode()
            )
            if result.error is not None:
                return web.json_response({"message": "Internal Server Error"}, status=what["failure_status"])
            response = response_from(result.payload)
        except AwsError as error:
            return web.json_response({"message": error.message}, status=error.status)
        except MalformedResult:
            return web.json_response({"message": "Internal Server Error"}, status=what["failure_status"])
        return web.Response(status=response.status, headers=CIMultiDict(response.headers), body=response.body)

    def _by_domain(self, host: str) -> dict[str, Any] | None:
        """Return the load balancer of the stack whose `Domain` is the host, as the DNS record would."""
        named = {stack["id"] for stack in every(self._world) if stack["parameters"].get("Domain") == host}
        for balancer in self._world.state.all("load balancer"):
            if balancer["stack"] in named:
                return self._world.state.get(_KIND, balancer["dns_name"])
        return None


def _authority(directory: Path) -> trustme.CA:
    """Return the directory's certificate authority; a restart reuses it, since clients already trust it."""
    certificate, key = directory / "authority.pem", directory / "authority.key"
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    authority = trustme.CA()
    key.write_bytes(authority.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(certificate))
    return authority


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
