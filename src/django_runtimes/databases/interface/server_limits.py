"""The limits on connections that a server reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class ConnectionLimit:
    """A CONNECTION LIMIT of the web role or the database."""

    kind: Literal["role", "database"]
    name: str
    value: int


@dataclass(frozen=True)
class ServerLimits:
    """The limits that a server reported: its slots, the reserved slots among them, and each CONNECTION LIMIT."""

    max_connections: int
    reserved: Mapping[str, int] = field(default_factory=dict)
    connection_limits: tuple[ConnectionLimit, ...] = ()
