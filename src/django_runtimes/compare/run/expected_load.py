"""Estimates how many requests a plan sends to each deployed target."""

import math

from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.record.capacity import SEARCH_LIMIT_S
from django_runtimes.compare.run.measurement import WARM_UP_WINDOWS, WARM_UPS
from django_runtimes.compare.run.phases.capacity_phase import MOST_OF_LIMIT
from django_runtimes.compare.workload.workload import SAFE_METHODS


def expected_requests(plan: ComparisonPlan) -> int:
    """Return the expected number of requests to one deployed target, if every phase takes as long as it may."""
    workload = plan.workload
    requests = workload.requests if plan.allows_writes else workload.harmless_requests
    streams = sum(plan.allows_writes or stream.method in SAFE_METHODS for stream in workload.streams)
    scenarios = len({request.scenario for request in requests})
    session = workload.session
    logins = 0 if session is None else len(session.users) * len(session.steps)
    warm_up_s = WARM_UPS * WARM_UP_WINDOWS * scenarios * plan.warm_up_s
    capacity_s = 0.0 if plan.rates_rps else MOST_OF_LIMIT * SEARCH_LIMIT_S
    burst_size = min(plan.burst_size, max(1, int(plan.max_rate_rps)))
    return math.ceil(
        logins
        + len(requests)
        + streams * (1 + plan.streams)
        + (warm_up_s + capacity_s) * plan.max_rate_rps
        + plan.bursts * burst_size
        + _steady_requests(plan, scenarios)
    )


def _steady_requests(plan: ComparisonPlan, scenarios: int) -> float:
    if plan.rates_rps:
        rates_rps = [rate for rates in list(plan.rates_rps.values())[:scenarios] for rate in rates]
    else:
        rates_rps = [share * plan.max_rate_rps for share in plan.load_shares] * scenarios
    if plan.budget_s is None:
        return sum(rates_rps) * plan.pairs * plan.block_s
    # Other targets take a part of the budget, unless their blocks are shorter.
    return max(rates_rps, default=0.0) * plan.budget_s
