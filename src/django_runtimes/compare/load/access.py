"""How a load generator reaches its targets: host, headers, TLS and the highest rate."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django_runtimes.compare.workload.workload import DEFAULT_HOST

# The headers of a load balancer that terminates TLS.
FORWARDED_HEADERS = {"Host": DEFAULT_HOST, "X-Forwarded-Proto": "https"}


class AnswerReader(Protocol):
    """Signs requests and reads the headers of their answers."""

    def sign(self) -> dict[str, str]:
        """Return headers for one request."""
        ...

    def read(self, sent: Mapping[str, str], answered: Mapping[str, str], latency_ms: float) -> None:
        """Read an answer's headers; `sent` are the headers that `sign` returned for its request."""
        ...


class NoReader:
    """Signs and reads nothing."""

    def sign(self) -> dict[str, str]:
        """Return no headers."""
        return {}

    def read(self, sent: Mapping[str, str], answered: Mapping[str, str], latency_ms: float) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Access:
    """How requests reach a target; `host` is the Host header, and the virtual users' origin is its HTTPS one.

    Without `tls` the client checks certificates as it does by default. `max_rate_rps` limits every kind of load.
    """

    host: str
    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext | None = None
    max_rate_rps: float | None = None
    reader: AnswerReader = field(default_factory=NoReader)


def emulated_access(host: str = DEFAULT_HOST) -> Access:
    """Return the access to emulated targets, with the headers of a load balancer that terminates TLS."""
    return Access(host, FORWARDED_HEADERS)
