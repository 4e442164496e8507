"""Takes the client's address, the scheme and the host from the proxy in front, and from nobody else."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from django_runtimes.serving.types import Application, Receive, Scope, Send

Network = IPv4Network | IPv6Network

_FOR = b"x-forwarded-for"
_HOST = b"host"
_PROTO = b"x-forwarded-proto"
_ALWAYS_FORWARDED = frozenset({b"forwarded", _FOR, _PROTO, b"x-forwarded-host", b"x-forwarded-port"})
# By the scope's type. Other values are no scheme that an application knows.
_SCHEMES = {
    "http": {b"http": "http", b"https": "https"},
    # Some proxies name the websocket's own.
    "websocket": {b"http": "ws", b"https": "wss", b"ws": "ws", b"wss": "wss"},
}


class ProxyHeaders:
    """The headers by which the nearest proxy speaks.

    Of several entries the last one counts, which that proxy has written; those before it may be the client's
    invention.
    """

    def __init__(self, *, proto: str = "X-Forwarded-Proto", host: str = "Host") -> None:
        """`host` names the header with the public host; `Host` itself is always believed."""
        self._proto = proto.lower().encode("ascii")
        self._host = host.lower().encode("ascii")
        self._forwarded = _ALWAYS_FORWARDED | {self._proto, self._host} - {_HOST}
        self.are_chosen = (self._proto, self._host) != (_PROTO, _HOST)

    def are_in(self, scope: Scope) -> bool:
        """Whether the request has any of them."""
        return any(name in self._forwarded for name, _ in scope["headers"])

    def read(self, scope: Scope) -> Scope:
        """The scope with the client, the one scheme and the one host that the proxy names."""
        values: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in self._forwarded:
                values.setdefault(name, []).append(value)
        believed = dict(scope)
        if schemes := values.get(self._proto):
            scheme = _last(schemes)
            if schemes != [scheme]:
                # Django reads the first of several.
                believed["headers"] = _replaced(believed["headers"], self._proto, scheme)
            # Django reads the header, and every other application the scope.
            if known := _SCHEMES[scope["type"]].get(scheme):
                believed["scheme"] = known
        if self._host != _HOST and (host := _last(values.get(self._host, [b""]))):
            believed["headers"] = _replaced(believed["headers"], _HOST, host)
        if clients := values.get(_FOR):
            address = _address(_last(clients).decode("latin1"))
            if address is not None:
                believed["client"] = (address, 0)
        return believed

    def drop(self, scope: Scope) -> Scope:
        """The scope without any of them."""
        return {**scope, "headers": [header for header in scope["headers"] if header[0] not in self._forwarded]}


class ForwardedHeaders:
    """ASGI middleware that believes the proxy's headers when the peer is in a `trusted` network.

    Any other peer is the client itself, and its headers are dropped. A peer without an address connected through a
    Unix socket of this machine.
    """

    def __init__(
        self, application: Application, *, trusted: Sequence[Network], headers: ProxyHeaders | None = None
    ) -> None:
        self._application = application
        self._trusted = tuple(trusted)
        self._headers = headers or ProxyHeaders()
        # A load balancer has a few addresses, which come with every request.
        self._trusts = lru_cache(maxsize=256)(self._is_trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in _SCHEMES and self._headers.are_in(scope):
            peer = scope.get("client")
            if peer is None or self._trusts(peer[0]):
                believed = self._headers.read(scope)
                if not self._trusted and "scheme" in scope:
                    # A Unix socket, and nobody said that a hop in front ends TLS.
                    believed["scheme"] = scope["scheme"]
                scope = believed
            else:
                scope = self._headers.drop(scope)
        await self._application(scope, receive, send)

    def _is_trusted(self, address: str) -> bool:
        try:
            peer = ip_address(address)
        except ValueError:
            # Servers name a Unix socket in several ways; none of them is a network's.
            return False
        # How a listener for both versions shows one of version 4.
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._trusted)


def _replaced(headers: list[Any], name: bytes, value: bytes) -> list[Any]:
    return [*(header for header in headers if header[0] != name), (name, value)]


def _last(values: list[bytes]) -> bytes:
    return values[-1].rpartition(b",")[2].strip()


def _address(entry: str) -> str | None:
    """The IP address of an entry, to which a load balancer may add the client's port; None when it is no address."""
    host = entry
    if entry.startswith("["):
        host = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        host = entry.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return None
