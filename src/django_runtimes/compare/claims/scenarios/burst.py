"""Claim: without a proxy, a burst on Lambda runs out of the server's connection slots."""

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import LAMBDA_HANDLER, ClaimServices
from django_runtimes.compare.record.claim_result import ClaimFigure
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName

_DATABASE = "claims"
# PostgreSQL's messages for SQLSTATE 53300: no slot at all, and none for an ordinary role.
_REFUSALS = ("sorry, too many clients already", "remaining connection slots are reserved")
_HOLD_S = 0.5


@dataclass(frozen=True)
class BurstCounts:
    """The failed requests of a burst on each route, and the connections that the server refused."""

    requests: int
    slots: int
    failed_direct: int
    refused_direct: int
    failed_proxy: int
    refused_proxy: int


def judge_burst(counts: BurstCounts) -> Decision:
    """Decide by the failed requests and the refused connections."""
    burst = f"a burst of {counts.requests} on {counts.slots} slots"
    if counts.failed_proxy:
        return not_shown(f"{burst} failed {counts.failed_proxy} requests through the proxy too")
    if counts.failed_direct and counts.refused_direct:
        return confirmed(
            f"{burst} failed {counts.failed_direct} requests without a proxy (the server refused "
            f"{counts.refused_direct} connections) and none through it"
        )
    if counts.failed_direct:
        return not_shown(f"{burst} failed {counts.failed_direct} requests, but the server refused no connection")
    if counts.requests <= counts.slots:
        return not_shown(f"{burst} fits")
    return refuted(f"{burst} failed no request without a proxy")


async def measure_burst(
    services: ClaimServices, *, requests: int = 16, max_connections: int = 13, pool_size: int = 5
) -> ClaimEvidence:
    """Send a burst to ready execution environments, directly and through the proxy."""
    server = services.postgres(_DATABASE, max_connections=max_connections)
    proxy = services.proxy(server, pool_size=pool_size)
    reserved = int(server.settings["superuser_reserved_connections"])
    failed, refused = {}, {}
    for route, name in (
        ("direct", "aws_lambda/per_request/direct"),
        ("proxy", "aws_lambda/per_request/proxy"),
    ):
        before = _refusals(server.log)
        statuses = await _burst(services, TargetName.parse(name), server, proxy, requests)
        failed[route] = requests - statuses[HTTPStatus.OK]
        refused[route] = _refusals(server.log) - before
    counts = BurstCounts(
        requests=requests,
        slots=max_connections - reserved,
        failed_direct=failed["direct"],
        refused_direct=refused["direct"],
        failed_proxy=failed["proxy"],
        refused_proxy=refused["proxy"],
    )
    return ClaimEvidence(
        (
            ClaimFigure("requests at once", requests),
            ClaimFigure("slots for the application", counts.slots),
            ClaimFigure("failed requests, direct", counts.failed_direct),
            ClaimFigure("refused connections, direct", counts.refused_direct),
            ClaimFigure("failed requests, proxy", counts.failed_proxy),
            ClaimFigure("refused connections, proxy", counts.refused_proxy),
        ),
        judge_burst(counts),
    )


def _refusals(log: Path) -> int:
    """Return how many connections the server has refused for want of a slot."""
    return sum(any(text in line for text in _REFUSALS) for line in log.read_text(errors="replace").splitlines())


async def _burst(
    services: ClaimServices, name: TargetName, server: EmbeddedPostgres, proxy: PgBouncer, requests: int
) -> Counter[int]:
    environ = services.library_environ(name, server, _DATABASE, proxy)
    async with LambdaTarget(services.function(name.label.replace("_", "-"), LAMBDA_HANDLER, environ)) as target:
        # The processes start before the burst; otherwise they would connect one after the other.
        await target.make_ready(requests)
        return await services.statuses(f"{target.url}/hold?s={_HOLD_S}", times=requests)


CLAIM = Claim(
    name="burst-runs-out-of-slots",
    sentence="A burst on Lambda without a proxy runs out of the server's connection slots.",
    measured="16 simultaneous requests, each with a query of 0.5 s, to 16 ready execution environments, on a server "
    "with max_connections=13, directly and through PgBouncer with a pool of 5. The failed requests, and the refused "
    "connections in the server's log.",
    rule="Confirmed if requests fail without the proxy while the server refuses connections, and none fail through it. "
    "Refuted if more requests than slots fail nowhere.",
    emulated="The Lambda service and RDS Proxy. That each execution environment needs a connection is Lambda's "
    "documented model; the number of slots was chosen small, and a server on AWS has more.",
    expected_s=13,
    test=measure_burst,
)
