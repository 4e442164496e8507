"""Claim: with CONN_MAX_AGE above 0, Django's own ASGI handler leaves connections open that nothing uses."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import ClaimServices, DatabaseCounter
from django_runtimes.compare.record.claim_result import ClaimFigure

# Backends end a moment after their connection is closed, so the count must have stayed the same this often, which takes
# a second. A machine that stands still has stood still within one pause.
_SAME_COUNTS = 10
_PAUSE_S = 0.1
# For counting, and for the roles that may exceed the limit.
_OTHER_CONNECTIONS = 10


@dataclass(frozen=True)
class LeakCounts:
    """Connections that stayed open without a request, with CONN_MAX_AGE=60 and 0; at most `clients` were in use."""

    clients: int
    requests: int
    failed: int
    held: int
    held_without_age: int


def judge_leak(counts: LeakCounts) -> Decision:
    """Decide by the number of connections that are open though no request runs."""
    if counts.failed:
        return not_shown(f"{counts.failed} of {counts.requests} requests failed, so the count says nothing")
    if counts.held <= counts.clients:
        return refuted(
            f"{counts.held} connections stayed open, no more than the {counts.clients} requests at once could use"
        )
    if counts.held_without_age > counts.clients:
        return not_shown(
            f"{counts.held_without_age} connections stayed open with CONN_MAX_AGE=0 too, so the setting is not the "
            "cause"
        )
    return confirmed(
        f"{counts.held} connections stayed open after {counts.requests} requests, of which at most {counts.clients} "
        f"ran at once; with CONN_MAX_AGE=0, {counts.held_without_age}"
    )


async def measure_leak(services: ClaimServices, *, clients: int = 8, requests: int = 96) -> ClaimEvidence:
    """Let clients send requests one after the other to two servers, with CONN_MAX_AGE=60 and 0."""
    server = services.postgres("aged", "unaged", max_connections=requests + _OTHER_CONNECTIONS)
    held, failed = {}, 0
    for database, max_age_s in (("aged", "60"), ("unaged", "0")):
        url = services.uvicorn(services.environ(server.url(database), CLAIM_CONN_MAX_AGE=max_age_s))

        async def send(url: str = url) -> list[int]:
            return [await services.status(f"{url}/hold?s=0.02") for _ in range(requests // clients)]

        statuses = await asyncio.gather(*(send() for _ in range(clients)))
        failed += sum(status != HTTPStatus.OK for of_client in statuses for status in of_client)
        held[database] = await _held_at_rest(DatabaseCounter(server, database))
    counts = LeakCounts(clients, requests, failed, held["aged"], held["unaged"])
    return ClaimEvidence(
        (
            ClaimFigure("clients", clients),
            ClaimFigure("requests to each server", requests),
            ClaimFigure("connections open 1 s after the last response", counts.held),
            ClaimFigure("the same with CONN_MAX_AGE=0", counts.held_without_age),
        ),
        judge_leak(counts),
    )


async def _held_at_rest(counter: DatabaseCounter) -> int:
    """Return the number of held connections once it has not changed for a second."""
    held, same = counter.held(), 0
    while same < _SAME_COUNTS:
        await asyncio.sleep(_PAUSE_S)
        latest = counter.held()
        held, same = latest, same + 1 if latest == held else 0
    return held


CLAIM = Claim(
    name="conn-max-age-leaks",
    sentence="With CONN_MAX_AGE=60, Django's own ASGI handler leaves connections open that no request uses.",
    measured="8 clients send requests one after the other to Django's own ASGI handler under uvicorn, with "
    "CONN_MAX_AGE=60 and 0. pg_stat_activity has the connections that are open 1 s after the last response.",
    rule="Confirmed if more connections stay open than requests ran at once, and with CONN_MAX_AGE=0 they do not. "
    "Refuted if at most as many stay open.",
    emulated="Nothing: uvicorn, Django and PostgreSQL are the real ones. A server on AWS has the same threads.",
    expected_s=6,
    test=measure_leak,
)
