"""Takes the client's address and scheme from the proxy in front, and from nobody else."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

Scope = dict[str, Any]
Application = Callable[..., Any]
Network = IPv4Network | IPv6Network

_FOR = b"x-forwarded-for"
_PROTO = b"x-forwarded-proto"
_ALL = frozenset({b"forwarded", _FOR, _PROTO, b"x-forwarded-host", b"x-forwarded-port"})


class ForwardedHeaders:
    """ASGI middleware that believes the `X-Forwarded-` headers of peers from the `trusted` networks.

    Of several entries the last one counts, which that peer has written; those before it may be the client's
    invention. Any other peer is the client itself, and its headers are dropped. A peer without an address has come
    by a socket of this machine.
    """

    def __init__(self, application: Application, *, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = tuple(trusted)
        # A load balancer has a few addresses, which come with every request.
        self._trusts = lru_cache(maxsize=256)(self._is_trusted)

    async def __call__(self, scope: Scope, receive: Application, send: Application) -> None:
        if scope["type"] == "http" and any(name in _ALL for name, _ in scope["headers"]):
            scope = self._believed(scope)
        await self._application(scope, receive, send)

    def _believed(self, scope: Scope) -> Scope:
        peer = scope.get("client")
        if peer is None or self._trusts(peer[0]):
            return as_the_proxy_says(scope)
        return {**scope, "headers": [header for header in scope["headers"] if header[0] not in _ALL]}

    def _is_trusted(self, address: str) -> bool:
        peer = ip_address(address)
        # How a listener for both versions shows one of version 4.
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._trusted)


def as_the_proxy_says(scope: Scope) -> Scope:
    """The scope with the client and the one scheme that the nearest proxy names."""
    clients, schemes = ([value for name, value in scope["headers"] if name == wanted] for wanted in (_FOR, _PROTO))
    believed = dict(scope)
    if schemes and schemes != [scheme := _last(schemes)]:
        # Django reads the first of several.
        believed["headers"] = [header for header in scope["headers"] if header[0] != _PROTO] + [(_PROTO, scheme)]
    if clients and (address := _address(_last(clients).decode("latin1"))):
        believed["client"] = (address, 0)
    return believed


def _last(values: list[bytes]) -> bytes:
    return values[-1].rpartition(b",")[2].strip()


def _address(entry: str) -> str | None:
    """The IP address of an entry, which a load balancer may give the client's port; None when it is no address."""
    host = entry
    if entry.startswith("["):
        host = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        host = entry.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return None
