"""What to do about a run with too few valid blocks."""

from collections.abc import Mapping

from django_runtimes.compare.analysis.implausible_capacity import found_capacities, implausible_capacities
from django_runtimes.compare.record.results import Run

# With a larger share of void blocks the load generator is the reason for missing pairs.
_MANY_VOID = 0.2


def missing_blocks_remedy(run: Run) -> str:
    """Return the remedy that fits the run, as the end of a sentence."""
    plan = run.environment.get("plan")
    scenarios = [scenario for target in run.targets if target.status == "measured" for scenario in target.scenarios]
    if run.environment.get("interrupted"):
        return "the run was interrupted, so repeat it"
    if sum(each.void_blocks for each in scenarios) > _MANY_VOID * sum(len(each.blocks) for each in scenarios):
        return "many were void, so run webapp compare on a machine that is less busy"
    if "generator" in run.environment:
        return "pass more --blocks"
    if isinstance(plan, Mapping) and plan.get("budget_s") is None:
        return "run webapp compare without --quick"
    if implausible_capacities(found_capacities(run.targets)):
        return "an implausible capacity made the rates low and the blocks long, so set --rate or --rates-from"
    return "give a longer --budget, or fewer targets"
