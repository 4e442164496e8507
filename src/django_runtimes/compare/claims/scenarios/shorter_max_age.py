"""Claim: a lower CONN_MAX_AGE costs handshakes."""

import asyncio
from dataclasses import dataclass
from functools import partial

from django_runtimes.compare.analysis.ratio import SAME_TO, Ratio
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import ClaimServices, DatabaseCounter
from django_runtimes.compare.claims.paired_durations import paired_durations, ratio_between, ratio_figures, shortest_ms
from django_runtimes.compare.record.claim_result import ClaimFigure

_AGES_S = (60, 1, 0)
_REQUESTS = 5
_PAUSE_S = 0.2


@dataclass(frozen=True)
class HandshakeCounts:
    """Connections opened for the same number of requests, by CONN_MAX_AGE, and the ratio of latencies at 0 to 60."""

    requests: int
    opened: dict[int, int]
    latency: Ratio | None


def judge_handshakes(counts: HandshakeCounts) -> Decision:
    """Decide by the connections opened, and by the latency with a connection per request against a kept one."""
    opened = [counts.opened[age_s] for age_s in _AGES_S]
    counted = f"{counts.requests} requests opened {_listed(counts.opened)}"
    if opened[2] <= opened[0]:
        return refuted(f"{counted}, so a lower age did not open more")
    if not opened[0] < opened[1] < opened[2]:
        # On a very busy machine requests are so far apart that an age of 1 s is like none.
        return not_shown(f"{counted}, so the ages do not differ as they should")
    if counts.latency is None:
        return not_shown(f"{counted}, but there were too few rounds to compare latencies")
    ratio = f"the ratio of latencies is {counts.latency.low:.2f} to {counts.latency.high:.2f}"
    if counts.latency.low > 1:
        return confirmed(f"{counted}, and {ratio}")
    if counts.latency.high < SAME_TO:
        return refuted(f"{counted}, but {ratio}, so the handshakes cost nothing")
    return not_shown(f"{counted}, but {ratio}, which includes 1")


def _listed(opened: dict[int, int]) -> str:
    return ", ".join(f"{count} connections with CONN_MAX_AGE={age_s}" for age_s, count in opened.items())


async def measure_handshakes(services: ClaimServices, *, rounds: int = 20) -> ClaimEvidence:
    """Send the same requests to servers with different ages, in rounds."""
    server = services.postgres(*(f"age_{age_s}" for age_s in _AGES_S))
    urls = {
        age_s: services.gunicorn(services.environ(server.url(f"age_{age_s}"), CLAIM_CONN_MAX_AGE=str(age_s)))
        for age_s in _AGES_S
    }

    async def request(age_s: int) -> None:
        await services.require_ok(f"{urls[age_s]}/query")

    async def measure(age_s: int) -> float:
        # The pause lets a connection of 1 s grow old.
        await asyncio.sleep(_PAUSE_S / len(_AGES_S))
        return await shortest_ms(partial(request, age_s), times=_REQUESTS)

    counters = {age_s: DatabaseCounter(server, f"age_{age_s}") for age_s in _AGES_S}
    for age_s in _AGES_S:
        await request(age_s)
    before = {age_s: await counters[age_s].settled() for age_s in _AGES_S}
    latencies_ms = await paired_durations({str(a): partial(measure, a) for a in _AGES_S}, rounds=rounds, seed=rounds)
    opened = {age_s: await counters[age_s].settled() - before[age_s] for age_s in _AGES_S}
    counts = HandshakeCounts(rounds * _REQUESTS, opened, ratio_between(latencies_ms["0"], latencies_ms["60"]))
    return ClaimEvidence(
        (
            ClaimFigure("requests to each server", counts.requests),
            *(ClaimFigure(f"connections opened with CONN_MAX_AGE={age_s}", opened[age_s]) for age_s in _AGES_S),
            *ratio_figures({"latency at 0 / at 60": counts.latency}),
        ),
        judge_handshakes(counts),
    )


CLAIM = Claim(
    name="lower-conn-max-age-costs-handshakes",
    sentence="A lower CONN_MAX_AGE opens more connections, and requests pay for their handshakes.",
    measured="The same requests, one at a time and in rounds, to Django's own WSGI handler under gunicorn with "
    "CONN_MAX_AGE=60, 1 and 0; PostgreSQL's count of sessions, and each round's shortest latency of 5.",
    rule="Confirmed if each lower age opened more connections, and the whole interval of the ratio of latencies (0 to "
    "60) is above 1. Refuted if CONN_MAX_AGE=0 opened no more than 60, or if the interval is below "
    f"{SAME_TO:g}.",
    emulated="Nothing, but there is neither TLS nor a network here, and both make a handshake slower on AWS.",
    expected_s=13,
    test=measure_handshakes,
)
