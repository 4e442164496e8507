"""How busy other processes kept the machine during a run, which its latencies and durations include."""

from collections.abc import Iterable

from django_runtimes.compare.record.results import BlockResult, Run

# With less other work, the effect on a block is small.
MOST_OTHER_CPUS = 0.5


def mean_other_cpus(blocks: Iterable[BlockResult]) -> float | None:
    """Return the mean number of CPUs that other processes kept busy during these blocks; None if it is unknown."""
    known = [(block.other_cpus, block.duration_s) for block in blocks if block.other_cpus is not None]
    total_s = sum(duration_s for _, duration_s in known)
    return sum(cpus * duration_s for cpus, duration_s in known) / total_s if total_s else None


def busy_sentence(run: Run) -> str | None:
    """Return a sentence on the work of other processes and its effect, or None if it was small or is unknown."""
    during = mean_other_cpus(
        block
        for target in run.targets
        if target.status == "measured"
        for scenario in target.scenarios
        if scenario.rate_rps is not None
        for block in scenario.blocks
    )
    machine = run.environment.get("machine", {})
    # Files of earlier versions have only the work before the run.
    cpus, when = (machine.get("busy_cpus_before"), "before") if during is None else (during, "during")
    if not isinstance(cpus, int | float) or cpus <= MOST_OTHER_CPUS:
        return None
    of = f" of {machine['cpus']}" if "cpus" in machine else ""
    return (
        f"Other processes kept {cpus:.1f}{of} CPUs busy {when} the measurement, so latencies and durations may include "
        "waiting for a CPU, and bills that depend on durations are upper bounds."
    )
