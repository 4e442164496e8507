"""How long connections to PostgreSQL are kept (strategy) and what they connect to (route)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Strategy(StrEnum):
    """The names of the connection strategies."""

    PER_REQUEST = "per_request"
    PERSISTENT = "persistent"
    POOL = "pool"


class Route(StrEnum):
    """What a connection goes to: the server itself, a proxy in front of it, or the Data API of an Aurora cluster."""

    DIRECT = "direct"
    PROXY = "proxy"
    DATA_API = "data_api"


# The defaults of psycopg's pool.
_PSYCOPG_MIN_SIZE = 4
_PSYCOPG_TIMEOUT_S = 30


@dataclass(frozen=True)
class PerRequest:
    """A request's first query opens a connection, and the end of the request closes it."""

    name = Strategy.PER_REQUEST

    def as_django(self) -> dict[str, Any]:
        """Return the keys and values that this strategy sets in an entry of DATABASES."""
        return {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "OPTIONS": {}}


@dataclass(frozen=True)
class Persistent:
    """A thread keeps its connection from one request to the next, so the thread must outlive its requests."""

    max_age_s: int = 600
    name = Strategy.PERSISTENT

    def as_django(self) -> dict[str, Any]:
        """Return the keys and values that this strategy sets in an entry of DATABASES."""
        return {"CONN_MAX_AGE": self.max_age_s, "CONN_HEALTH_CHECKS": True, "OPTIONS": {}}


@dataclass(frozen=True)
class Pool:
    """The threads of a process share up to `max_size` connections."""

    max_size: int = 8
    min_size: int = 1
    timeout_s: int = 5
    name = Strategy.POOL

    def as_django(self) -> dict[str, Any]:
        """Return the keys and values that this strategy sets in an entry of DATABASES."""
        pool = {"min_size": self.min_size, "max_size": self.max_size, "timeout": self.timeout_s}
        return {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": {"pool": pool}}


Connections = PerRequest | Persistent | Pool


def connections_of(database: Mapping[str, Any]) -> Connections:
    """Return the connection strategy that an entry of DATABASES describes."""
    pool = database.get("OPTIONS", {}).get("pool")
    if pool:
        # Django reads True as psycopg's defaults.
        options = {} if pool is True else pool
        min_size = options.get("min_size", _PSYCOPG_MIN_SIZE)
        return Pool(options.get("max_size") or min_size, min_size, options.get("timeout", _PSYCOPG_TIMEOUT_S))
    max_age_s = database.get("CONN_MAX_AGE", 0)
    if max_age_s == 0:
        return PerRequest()
    return Persistent() if max_age_s is None else Persistent(max_age_s)
