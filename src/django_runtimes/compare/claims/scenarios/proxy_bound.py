"""Claim: a proxy bounds the connections to the server."""

import asyncio
from dataclasses import dataclass

import psycopg

from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import ClaimServices
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.record.claim_result import ClaimFigure

_DATABASE = "claims"
_QUERY_S = 0.3


@dataclass(frozen=True)
class BackendPeaks:
    """The server's connections at the peak of simultaneous clients, on each route."""

    clients: int
    pool_size: int
    direct: int
    proxy: int


def judge_bound(peaks: BackendPeaks) -> Decision:
    """Decide by the peak through the proxy, which must be needed to keep the connections at its pool's size."""
    found = f"{peaks.clients} clients at once held {peaks.proxy} connections through the proxy, {peaks.direct} without"
    if peaks.proxy > peaks.pool_size:
        return refuted(f"{found}, although the pool has {peaks.pool_size}")
    if peaks.direct <= peaks.pool_size:
        return not_shown(f"{found}, too few for the pool of {peaks.pool_size} to matter")
    return confirmed(found)


async def measure_bound(services: ClaimServices, *, clients: int = 40, pool_size: int = 10) -> ClaimEvidence:
    """Let many clients connect and query at once on each route."""
    server = services.postgres(_DATABASE)
    proxy = services.proxy(server, pool_size=pool_size)
    found = {}
    for route, url in (("direct", server.url(_DATABASE)), ("proxy", proxy.url(_DATABASE))):
        async with ConnectionSampler(PostgresqlCounter(server.administration_url), [_DATABASE]) as sampler:
            window = sampler.window(_DATABASE)
            await asyncio.gather(*(_query(url) for _ in range(clients)))
            found[route] = (await window.stop()).peak
    peaks = BackendPeaks(clients, pool_size, found["direct"], found["proxy"])
    return ClaimEvidence(
        (
            ClaimFigure("clients at once", clients),
            ClaimFigure("size of the proxy's pool", pool_size),
            ClaimFigure("connections to the server, direct", peaks.direct),
            ClaimFigure("connections to the server, proxy", peaks.proxy),
        ),
        judge_bound(peaks),
        subject="psycopg's connections",
    )


async def _query(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=30) as connection:
        await connection.execute("SELECT pg_sleep(%s)", [_QUERY_S])


CLAIM = Claim(
    name="proxy-bounds-connections",
    sentence="A proxy bounds the connections to the server.",
    measured="40 clients that connect at once and run a query of 0.3 s, directly and through PgBouncer in transaction "
    "mode with a pool of 10. The peaks are sampled from pg_stat_activity, so they are lower bounds.",
    rule="Confirmed if the peak through the proxy is at most its pool and the direct peak is higher. Refuted if the "
    "peak through the proxy is higher than its pool.",
    emulated="PgBouncer stands in for RDS Proxy, whose limit is a share of max_connections. Statements that pin a "
    "connection are not part of this test.",
    expected_s=3,
    test=measure_bound,
)
