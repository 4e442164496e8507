"""Why a measured target is neither recommended nor called the cheapest, whatever its speed and its bill."""

from collections.abc import Iterable, Iterator, Mapping

from django_runtimes.compare.analysis.summary import MIN_OK_SHARE
from django_runtimes.compare.record.results import ScenarioResult, TargetResult

# New customers cannot choose this runtime any more.
_CLOSED_RUNTIME = "aws_app_runner"
_CLOSED = "closed to new customers since 2026-04-30"
_EMULATED = "it was emulated, and deployed targets were measured"
_BURST_REQUESTS = {"burst": "requests in bursts", "burst_cold": "requests in cold bursts"}


def exclusions_of(targets: Iterable[TargetResult]) -> dict[str, tuple[str, ...]]:
    """Return the reasons against each measured target of a run, by its name; targets without a reason are missing."""
    measured = [target for target in targets if target.status == "measured"]
    has_deployed = any(target.label == "deployed" for target in measured)
    closed = closed_targets({target.name: target.runtime for target in measured})
    reasons = {
        target.name: (
            *unexpected_answers(target),
            *(() if any(each.rate_rps is not None for each in target.scenarios) else ("no steady load was measured",)),
            # The speed of emulated and deployed targets is not comparable.
            *((_EMULATED,) if has_deployed and target.label == "emulated" else ()),
            *closed.get(target.name, ()),
        )
        for target in measured
    }
    return {name: found for name, found in reasons.items() if found}


def closed_targets(runtimes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the reason against targets on a runtime that is closed to new customers, unless there are no others."""
    closed = [name for name, runtime in runtimes.items() if runtime == _CLOSED_RUNTIME]
    return {} if len(closed) == len(runtimes) else dict.fromkeys(closed, (_CLOSED,))


def unexpected_answers(target: TargetResult) -> Iterator[str]:
    """Yield a text for each scenario in which too few requests were answered as expected."""
    for scenario in target.scenarios:
        if scenario.ok < MIN_OK_SHARE * scenario.sent:
            yield f"only {scenario.ok / scenario.sent:.1%} of its {requests_text(scenario)} were answered as expected"


def requests_text(scenario: ScenarioResult) -> str:
    """Return what a scenario sends, such as "reads" or "requests in bursts"."""
    return _BURST_REQUESTS.get(scenario.name, f"{scenario.name}s")


def excluded_text(exclusions: Mapping[str, tuple[str, ...]]) -> str:
    """Return each excluded target with its reasons: "NAME (REASON; REASON), NAME (REASON)"."""
    return ", ".join(f"{name} ({'; '.join(reasons)})" for name, reasons in exclusions.items())
