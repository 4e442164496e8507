"""The sentences of a report on what went wrong in its measurement, each with the remedy that fits."""

from collections.abc import Iterator

from django_runtimes.compare.analysis.implausible_capacity import found_capacities, implausible_capacities
from django_runtimes.compare.analysis.missing_blocks import missing_blocks_remedy
from django_runtimes.compare.analysis.summary import RatioVerdict, Summary
from django_runtimes.compare.layout.figures import requests_per_second
from django_runtimes.compare.record.capacity import SEARCH_LIMIT_S
from django_runtimes.compare.record.results import Run, TargetResult


def capacity_sentences(run: Run) -> Iterator[str]:
    """Yield sentences on capacities that are implausible or uncertain, and on searches that took too long."""
    found = found_capacities(run.targets)
    implausible = implausible_capacities(found)
    for each in implausible:
        yield (
            f"The capacity of {each.target} for {each.scenario}s is implausible: {_rounded(each.rate_rps)} "
            f"is far below the {_rounded(each.expected_rps)} {each.reason}. The rates of all targets may "
            "therefore be too low; repeat the run while no other program loads the machine, or set the rates with "
            "--rate or --rates-from."
        )
    doubted = {(each.target, each.scenario) for each in implausible}
    for capacity in found:
        if not capacity.capacity.is_certain and (capacity.target, capacity.scenario) not in doubted:
            yield (
                f"{capacity.target} kept up with none of the tried rates of {capacity.scenario}s; the lowest, "
                f"{_rounded(capacity.capacity.rate_rps)}, stands for its capacity. To be certain, repeat "
                "the run while no other program loads the machine."
            )
    for target in run.targets:
        searched_s = _searched_s(target)
        if searched_s > SEARCH_LIMIT_S:
            yield (
                f"The search for the capacity of {target.name} took {searched_s:.0f} s instead of at most "
                f"{SEARCH_LIMIT_S:g} s: a first result was implausible, or the last answers took long."
            )


def _rounded(rate_rps: float) -> str:
    return requests_per_second(float(f"{rate_rps:.2g}"))


def _searched_s(target: TargetResult) -> float:
    return sum(capacity.search_s or 0.0 for capacity in target.capacities.values())


def time_sentences(run: Run) -> Iterator[str]:
    """Yield a sentence on the time that the run took, if it left out parts or took longer than its limit."""
    taken_s, limit_s = run.environment.get("taken_s"), run.environment.get("limit_s")
    if taken_s is None or limit_s is None:
        return
    left_out = run.environment.get("left_out", ())
    if left_out or taken_s > limit_s:
        without = f"; left out for lack of time: {', '.join(left_out)}" if left_out else ""
        yield f"The run took {taken_s:.0f} s, its limit was {limit_s:g} s{without}."


def block_sentences(run: Run, summary: Summary) -> Iterator[str]:
    """Yield a sentence if a verdict lacks pairs of valid blocks."""
    short = [row for row in summary.rows if row.verdict is RatioVerdict.TOO_FEW_BLOCKS]
    if not short:
        return
    yield f"Too few blocks were valid for both the target and the reference; {missing_blocks_remedy(run)}."
