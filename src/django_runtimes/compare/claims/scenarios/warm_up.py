"""Claim: warm-up requests that are sent one at a time keep one execution environment warm."""

from dataclasses import dataclass
from functools import partial

from django_runtimes.compare.analysis.ratio import Ratio
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import LAMBDA_HANDLER, ClaimServices
from django_runtimes.compare.claims.paired_durations import duration_ms, ratio_between, ratio_figures
from django_runtimes.compare.record.claim_result import ClaimFigure
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName

_DATABASE = "claims"
_TARGET = TargetName.parse("aws_lambda/persistent/direct")
_HOLD_S = 0.3


@dataclass(frozen=True)
class WarmUpCounts:
    """The cold starts of three loads after warm-up requests.

    The loads are a single request and a burst after one warm-up at a time, and a burst after as many at once.
    """

    burst: int
    cold_single: int
    cold_burst: int
    cold_burst_after_many: int


def judge_warm_up(counts: WarmUpCounts) -> Decision:
    """Decide by the cold starts of the single request and of the burst."""
    found = f"a burst of {counts.burst} had {counts.cold_burst} cold starts"
    if counts.cold_single:
        return not_shown(f"the single request after the warm-up was cold too, and {found}")
    if counts.cold_burst == 0:
        return refuted(f"after warm-up requests one at a time, {found}")
    return confirmed(
        f"after warm-up requests one at a time a single request had no cold start, but {found}; after "
        f"{counts.burst} warm-up requests at once it had {counts.cold_burst_after_many}"
    )


async def measure_warm_up(services: ClaimServices, *, burst: int = 5, rounds: int = 7) -> ClaimEvidence:
    """Send warm-up requests, then a request or a burst, and count the environments that start for it."""
    server = services.postgres(_DATABASE)
    environ = services.library_environ(_TARGET, server, _DATABASE)
    target = LambdaTarget(services.function("warm-up", LAMBDA_HANDLER, environ))
    async with target:
        await target.make_cold()
        for _ in range(3):
            await services.require_ok(f"{target.url}/query")
        single, _ = await _burst(services, target, 1)
        first_burst_cold, first_burst_ms = await _burst(services, target, burst)
        await services.require_ok(f"{target.url}/query", times=burst)
        later_burst_cold, later_burst_ms = await _burst(services, target, burst)
        first_query = await _first_query(services, target, rounds)
    counts = WarmUpCounts(burst, single, first_burst_cold, later_burst_cold)
    return ClaimEvidence(
        (
            ClaimFigure("requests of a burst", burst),
            ClaimFigure("cold starts of a single request, after one warm-up at a time", counts.cold_single),
            ClaimFigure("cold starts of the burst, after one warm-up at a time", counts.cold_burst),
            ClaimFigure(f"cold starts of the burst, after {burst} at once", counts.cold_burst_after_many),
            ClaimFigure("duration of the burst, after one warm-up at a time", round(first_burst_ms), "ms"),
            ClaimFigure(f"duration of the burst, after {burst} at once", round(later_burst_ms), "ms"),
            *ratio_figures({"first query after a warm-up without a query / second query": first_query}),
        ),
        judge_warm_up(counts),
    )


async def _burst(services: ClaimServices, target: LambdaTarget, requests: int) -> tuple[int, float]:
    """Send simultaneous requests; return how many environments started for them, and the duration in ms."""
    before = target.emulator.started_count
    taken_ms = await duration_ms(partial(services.require_ok, f"{target.url}/hold?s={_HOLD_S}", times=requests))
    return target.emulator.started_count - before, taken_ms


async def _first_query(services: ClaimServices, target: LambdaTarget, rounds: int) -> Ratio | None:
    """Return the ratio of the first to the second query of environments that a request without a query warmed up."""
    durations_ms: dict[str, list[float]] = {"first": [], "second": []}
    for _ in range(rounds):
        await target.make_cold()
        await services.require_ok(f"{target.url}/plain")
        for taken_ms in durations_ms.values():
            taken_ms.append(await duration_ms(partial(services.require_ok, f"{target.url}/query")))
    return ratio_between(durations_ms["first"], durations_ms["second"])


CLAIM = Claim(
    name="warm-up-requests",
    sentence="Warm-up requests that are sent one at a time keep one execution environment warm, and a burst still "
    "meets cold starts.",
    measured="The execution environments that start for a single request and for a burst of 5 after warm-up requests "
    "one at a time, and for a burst after 5 warm-up requests at once. In rounds, the first and the second query after "
    "a warm-up request without a query.",
    rule="Confirmed if the single request starts no environment and the burst starts one or more. Refuted if the burst "
    "starts none.",
    emulated="The Lambda service. The emulator assigns requests by Lambda's documented rule (one at a time for each "
    "environment, a new one if none is idle), and the counts follow from it. The durations are no claim about AWS.",
    expected_s=5,
    test=measure_warm_up,
)
