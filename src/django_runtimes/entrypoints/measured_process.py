"""Reports the age, requests and database connections of this process to `webapp compare`."""

import os
import resource
import secrets
import sys
import time
from collections.abc import Callable

from django_runtimes.config.adopted import Adopted
from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, is_valid_token, signed_facts
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.wait_buckets import waits_text
from django_runtimes.databases.opened_connections import OpenedConnections
from django_runtimes.databases.postgresql.connections.pool_waits import POOL_WAITS
from django_runtimes.entrypoints.process_age import process_age_s
from django_runtimes.serving.types import Headers

_IMPORTED_S = time.monotonic()
_TOKEN_HEADER = TOKEN_HEADER.lower().encode()
_FACTS_HEADER = FACTS_HEADER.lower().encode()


class MeasuredProcess:
    """Answers requests that carry a valid token with facts about this process; counts the requests of all clients.

    Create it when the application is ready to serve. The process gets its identifier with its first request: until
    then it may be forked, or a snapshot of it may be restored several times.
    """

    def __init__(self, key: Secret, here: Adopted) -> None:
        self._key = key
        self._ready_ms = _age_ms()
        self._identifier = ""
        self._served = 0
        self._connections = OpenedConnections()
        self._constant = {
            "runtime": str(here.runtime),
            "strategy": here.profile.connections.name,
            "route": str(here.profile.route),
            # Lambda sets it to on-demand, provisioned-concurrency or snap-start.
            "initialization": os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", ""),
        }
        POOL_WAITS.start()

    def begin(self, headers: Headers) -> Callable[[], Headers] | None:
        """Count a request; return the function that reports, or None without a valid token."""
        served = self._served
        self._served += 1
        if not self._identifier:
            self._identifier = secrets.token_hex(8)
        token = next((value.decode("latin-1") for name, value in headers if name == _TOKEN_HEADER), None)
        if token is None or not is_valid_token(token, self._key, now_s=time.time()):
            return None
        age_ms = _age_ms()

        def report() -> Headers:
            facts = {
                "process": self._identifier,
                "served": str(served),
                "ready_ms": f"{self._ready_ms:.0f}",
                "age_ms": f"{age_ms:.0f}",
                "connections": str(self._connections.take_peak()),
                "opened": str(self._connections.opened),
                "pool_waits": waits_text(POOL_WAITS.total_us, POOL_WAITS.counts),
                "cpu_ms": f"{time.process_time() * 1_000:.3f}",
                "peak_rss_mb": f"{_peak_rss_mb():.1f}",
                **self._constant,
            }
            return [(_FACTS_HEADER, signed_facts(facts, self._key, token=token).encode())]

        return report


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KB, and macOS in bytes.
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _age_ms() -> float:
    """Return the ms since the kernel started this process; without /proc since this module's import."""
    age_s = process_age_s()
    return (time.monotonic() - _IMPORTED_S if age_s is None else age_s) * 1_000
