"""Takes the client's address, the scheme and the host from a trusted proxy's headers only."""

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
# The accepted schemes, by the scope's type, and their names in the scope.
_SCHEMES = {
    "http": {b"http": "http", b"https": "https"},
    # Some proxies send the schemes of websockets.
    "websocket": {b"http": "ws", b"https": "wss", b"ws": "ws", b"wss": "wss"},
}


class ProxyHeaders:
    """The headers that the nearest proxy sets.

    Only the last of several entries is used: the proxy wrote it, while the client may have forged the earlier ones.
    """

    def __init__(self, *, proto: str = "X-Forwarded-Proto", host: str = "Host") -> None:
        """`host` names the header with the public host; the `Host` header itself is never dropped."""
        self._proto = proto.lower().encode("ascii")
        self._host = host.lower().encode("ascii")
        self._forwarded = _ALWAYS_FORWARDED | {self._proto, self._host} - {_HOST}
        self.are_chosen = (self._proto, self._host) != (_PROTO, _HOST)

    def are_in(self, scope: Scope) -> bool:
        """Return whether the request has any of these headers."""
        return any(name in self._forwarded for name, _ in scope["headers"])

    def read(self, scope: Scope) -> Scope:
        """Return the scope with the client, scheme and host that the proxy states."""
        values: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in self._forwarded:
                values.setdefault(name, []).append(value)
        believed = dict(scope)
        if schemes := values.get(self._proto):
            scheme = _last(schemes)
            if schemes != [scheme]:
                # Django would read the first of several entries.
                believed["headers"] = _replaced(believed["headers"], self._proto, scheme)
            # Django reads the header; all other applications read the scope.
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
        """Return the scope without these headers."""
        return {**scope, "headers": [header for header in scope["headers"] if header[0] not in self._forwarded]}


class ForwardedHeaders:
    """ASGI middleware that applies the proxy's headers when the peer is in a `trusted` network.

    Any other peer is the client itself, so its headers are dropped. A peer without an address is trusted: it is
    connected through a Unix socket of this machine.
    """

    def __init__(
        self, application: Application, *, trusted: Sequence[Network], headers: ProxyHeaders | None = None
    ) -> None:
        self._application = application
        self._trusted = tuple(trusted)
        self._headers = headers or ProxyHeaders()
        # The results are cached, because every request comes from one of a load balancer's few addresses.
        self._trusts = lru_cache(maxsize=256)(self._is_trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in _SCHEMES and self._headers.are_in(scope):
            if self.trusts(scope):
                believed = self._headers.read(scope)
                if not self._trusted and "scheme" in scope:
                    # The peer uses a Unix socket, and no setting says that a hop in front terminates TLS.
                    believed["scheme"] = scope["scheme"]
                scope = believed
            else:
                scope = self._headers.drop(scope)
        await self._application(scope, receive, send)

    def trusts(self, scope: Scope) -> bool:
        """Return whether the request comes from a trusted peer, which has written its headers."""
        peer = scope.get("client")
        return peer is None or self._trusts(peer[0])

    def _is_trusted(self, address: str) -> bool:
        try:
            peer = ip_address(address)
        except ValueError:
            # Servers write a Unix socket in several forms, none of which is an address in a network.
            return False
        # A dual-stack listener reports IPv4 peers as mapped IPv6 addresses.
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._trusted)


def _replaced(headers: list[Any], name: bytes, value: bytes) -> list[Any]:
    return [*(header for header in headers if header[0] != name), (name, value)]


def _last(values: list[bytes]) -> bytes:
    return values[-1].rpartition(b",")[2].strip()


def _address(entry: str) -> str | None:
    """Return the IP address in an entry, to which a load balancer may append a port; None for other text."""
    host = entry
    if entry.startswith("["):
        host = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        host = entry.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return None
