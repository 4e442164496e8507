"""Takes the rates of a new run from a saved one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.plan.comparison_plan import MAX_RATE_RPS
from django_runtimes.compare.record.run_file import read_run


def saved_rates(path: Path, scenarios: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Return the rates of each scenario in a run.json, in requests per second.

    Raise UsageError when the file is not a run, or has no rates of one of the scenarios.
    """
    plan = read_run(path).environment.get("plan")
    rates = plan.get("rates_rps") if isinstance(plan, Mapping) else None
    found = {scenario: _rates(rates, scenario) for scenario in scenarios}
    missing = [scenario for scenario, rates_rps in found.items() if not rates_rps]
    if missing:
        raise UsageError(
            f"--rates-from '{path}' has no rates of {' and '.join(missing)}s; name a finished run of the same workload"
        )
    return found


def _rates(rates: object, scenario: str) -> tuple[float, ...]:
    values = rates.get(scenario) if isinstance(rates, Mapping) else None
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    return tuple(float(value) for value in values if isinstance(value, int | float) and 0 < value <= MAX_RATE_RPS)
