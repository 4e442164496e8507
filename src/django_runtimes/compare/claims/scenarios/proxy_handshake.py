"""Claim: a proxy does not speed up handshakes."""

from collections.abc import Awaitable, Callable
from functools import partial

import psycopg

from django_runtimes.compare.analysis.ratio import SAME_FROM, Ratio
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import ClaimServices
from django_runtimes.compare.claims.paired_durations import paired_durations, ratio_between, ratio_figures, shortest_ms

_DATABASE = "claims"
_POOL_SIZE = 5
_HANDSHAKES = 5


def judge_handshake(proxy_to_direct: Ratio | None) -> Decision:
    """Decide by the interval of the ratio of connecting through the proxy to connecting directly."""
    if proxy_to_direct is None:
        return not_shown("there were too few rounds for an interval")
    found = (
        f"connecting through the proxy takes {proxy_to_direct.low:.2f} to {proxy_to_direct.high:.2f} times as long as "
        "connecting directly"
    )
    if proxy_to_direct.low >= SAME_FROM:
        return confirmed(found)
    if proxy_to_direct.high < SAME_FROM:
        return refuted(found)
    return not_shown(found)


async def measure_handshake(services: ClaimServices, *, rounds: int = 20) -> ClaimEvidence:
    """Connect, run one query and close, on each route; and run the query on a held connection."""
    server = services.postgres(_DATABASE)
    proxy = services.proxy(server, pool_size=_POOL_SIZE)
    routes = {"direct": server.url(_DATABASE), "proxy": proxy.url(_DATABASE)}
    measures: dict[str, Callable[[], Awaitable[float]]] = {
        route: partial(shortest_ms, partial(_connect, url), times=_HANDSHAKES) for route, url in routes.items()
    }
    async with await psycopg.AsyncConnection.connect(routes["direct"], autocommit=True) as held:
        measures["held"] = partial(shortest_ms, partial(held.execute, "SELECT 1"), times=_HANDSHAKES)
        durations_ms = await paired_durations(measures, rounds=rounds, seed=rounds)
    proxy_to_direct = ratio_between(durations_ms["proxy"], durations_ms["direct"])
    ratios = {
        "connecting, proxy / direct": proxy_to_direct,
        "connecting through the proxy / a query on a held connection": ratio_between(
            durations_ms["proxy"], durations_ms["held"]
        ),
    }
    return ClaimEvidence(
        tuple(ratio_figures(ratios)),
        judge_handshake(proxy_to_direct),
        subject="psycopg's connections",
    )


async def _connect(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=30) as connection:
        await connection.execute("SELECT 1")


CLAIM = Claim(
    name="proxy-handshakes-are-no-faster",
    sentence="A proxy does not speed up handshakes.",
    measured="In rounds, the shortest of 5 times to connect with SCRAM, run one query and close, directly and through "
    "PgBouncer in transaction mode, and to run the query alone on a held connection.",
    rule=f"Confirmed if the whole interval of the ratio (proxy to direct) is at least {SAME_FROM:g}. Refuted if it is "
    f"below {SAME_FROM:g}.",
    emulated="PgBouncer stands in for RDS Proxy, so this is no claim about RDS Proxy's handshakes. Neither route has "
    "TLS or a network here. PgBouncer saves the start of a server process, which matters more on a busy machine.",
    expected_s=3,
    test=measure_handshake,
)
