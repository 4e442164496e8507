"""Tells clients apart: by their address, or by the user who is logged in."""

import logging
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest

logger = logging.getLogger(__name__)

# A network's customer has at least this many bits of addresses: https://www.rfc-editor.org/rfc/rfc6177
_BITS_OF_CUSTOMER = 64


def by_address(request: HttpRequest) -> str | None:
    """Return the client's address as the trusted hop saw it, or None without one; IPv6 clients share a /64."""
    address = request.META.get("REMOTE_ADDR")
    if not address:
        _warn_of_missing_address()
        return None
    return f"address {_network(address)}"


def by_user(request: HttpRequest) -> str | None:
    """Return the user who is logged in, or the address of any other client.

    The user's id is read from the session, since `request.user` would query the database.
    """
    # A project without users has no such app.
    from django.contrib.auth import SESSION_KEY

    session = getattr(request, "session", None)
    user = None if session is None else session.get(SESSION_KEY)
    return by_address(request) if user is None else f"user {user}"


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        # A middleware of the project may have written anything.
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> _BITS_OF_CUSTOMER << _BITS_OF_CUSTOMER))


@cache
def _warn_of_missing_address() -> None:
    logger.warning(
        "Requests without REMOTE_ADDR are not throttled: the server in front uses a Unix socket and sends no "
        "X-Forwarded-For"
    )
