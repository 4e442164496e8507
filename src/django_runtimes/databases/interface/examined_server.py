"""The answers of a server to the questions of `webapp doctor`."""

from dataclasses import dataclass
from typing import NamedTuple

from django_runtimes.databases.interface.server_limits import ServerLimits


@dataclass(frozen=True)
class ServerConnection:
    """How the server was reached; `sslmode` is the requested mode, `encrypted` the result.

    `address` is the host's numeric address, empty for a unix socket. Behind address translation, `is_proxied` and
    `is_unproxied` may both be false.
    """

    host: str
    address: str
    port: int
    is_proxied: bool
    is_unproxied: bool
    encrypted: bool
    sslmode: str


class ServerShortcoming(NamedTuple):
    """A missing or wrong setting of the server, and the remedy."""

    text: str
    remedy: str


@dataclass(frozen=True)
class ExaminedServer:
    """The server that a login reached.

    `place` is where the server is, as in "db.internal:5432", and `version` includes the product. `connection` and
    `limits` are None if no process holds connections to the server. Django sets `wanted_time_zone` on each session that
    has another time zone, unless `time_zone_remedy` says how to correct the server instead. `timeouts_remedy` replaces
    the default remedy for `missing_timeouts`, and `timeouts_effect` says what the timeouts do if none is missing. Each
    of `remarks` is a sentence about a limit of this engine or route.
    """

    place: str
    user: str
    version: str
    time_zone: str
    is_administrator: bool
    missing_timeouts: tuple[str, ...]
    connection: ServerConnection | None
    limits: ServerLimits | None
    wanted_time_zone: str = "UTC"
    time_zone_remedy: str = ""
    timeouts_remedy: str = ""
    timeouts_effect: str = "timeouts end statements and idle transactions"
    shortcomings: tuple[ServerShortcoming, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServerError:
    """The reason why a login failed, on one line, and the remedy.

    `is_unreadable` is whether the variables do not configure the login, so no server was asked.
    """

    text: str
    remedy: str
    is_unreadable: bool = False
