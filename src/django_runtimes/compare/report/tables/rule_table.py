"""The table of the rules for a believable measurement, and which of them a run meets."""

from collections.abc import Iterator, Mapping
from typing import Any

from django_runtimes.compare.analysis.summary import Summary
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.load.block import LATE_MS, MAX_RISE
from django_runtimes.compare.record.results import Run

# The shares of the weakest target's capacity that the rule asks for.
_RULE_SHARES = (0.1, 0.5, 0.8)
_YES, _IN_PART, _NO = "yes", "in part", "no"

# Whether a rule is met, and the reasons.
_Judged = tuple[str, str]


def rule_table(run: Run, summary: Summary) -> ReportTable:
    """Return a table with a row for each rule."""
    judged = (
        ("1. Open loop, with a guard on late sends", _open_loop()),
        ("2. Loads at 10, 50 and 80 % of the weakest capacity, and a burst", _loads(run)),
        ("3. Equal resources, and an A/A pair", _resources(run, summary)),
        ("4. Interleaved blocks after a warm-up, and a restored database", _interleaving(run)),
        ("5. Statistics over blocks", _statistics()),
        ("6. Cold starts apart, split into phases", _cold_starts(run)),
        ("7. Emulated or deployed is said of each figure", _labels()),
        ("8. A record that can be analysed again", _record(run)),
    )
    return ReportTable(
        title="Rules for a believable measurement",
        columns=("rule", "met", "reason"),
        rows=tuple((rule, *verdict) for rule, verdict in judged),
    )


def _open_loop() -> _Judged:
    return _IN_PART, (
        "Requests of the steady load and of bursts are sent when due, and timeouts count. A stricter rule voids a "
        f"block in which more than 1 % of the sends were more than {LATE_MS:g} ms late. Here a block is void if late "
        f"sends raised its median by more than {MAX_RISE:.0%}, since a smaller "
        "difference does not matter, or if the load generator used more than 70 % of a CPU."
    )


def _loads(run: Run) -> _Judged:
    shares = tuple(_plan(run).get("load_shares") or ())
    has_burst = any(scenario.rate_rps is None for target in run.targets for scenario in target.scenarios)
    burst = "" if has_burst else " No burst was measured."
    if not shares:
        return _NO, (
            f"The rates were given, not derived from capacities: {_rates(run)}. --budget 15m searches the capacities "
            f"and measures three loads.{burst}"
        )
    slo = (
        "The capacity is the highest tried rate with a p90 of at most 1.5 times the p90 of the always busy target and "
        "99.9 % expected answers; the rule asks for a p99 below a limit, which needs more samples than the search has."
    )
    if shares == _RULE_SHARES:
        return _IN_PART, f"{slo}{burst}"
    loads = ", ".join(f"{share:.0%}" for share in shares)
    return (
        _IN_PART,
        f"Only {loads} of the weakest capacity was measured; --budget 15m measures three loads. {slo}{burst}",
    )


def _rates(run: Run) -> str:
    rates = dict.fromkeys(
        f"{scenario.rate_rps:g}/s"
        for target in run.targets
        for scenario in target.scenarios
        if scenario.rate_rps is not None
    )
    return ", ".join(rates) or "none was measured"


def _resources(run: Run, summary: Summary) -> _Judged:
    reasons = []
    labels = {target.label for target in run.targets}
    if "emulated" in labels:
        if run.environment.get("image") is None:
            reasons.append(
                "Emulated targets share this machine without limits of CPU or memory, except for targets with a memory "
                "size (@MB)."
            )
        else:
            reasons.append("Each runtime's containers have their own limits of CPU and memory, which may differ.")
        reasons.append(f"TLS: {run.environment.get('tls') or 'not recorded'}.")
    if "deployed" in labels:
        reasons.append("Deployed targets have the resources and the TLS of their deployment, which are not compared.")
    if not summary.pairs:
        reasons.append(
            "No two targets form an A/A pair, so nothing checks the verdicts; measure two that start the same process."
        )
    elif summary.pair_problem is not None:
        reasons.append(f"An A/A pair {summary.pair_problem}, so the run names no winner.")
    else:
        reasons.append("The run has an A/A pair, and names no winner if it differs.")
    return (_IN_PART if summary.pairs else _NO), " ".join(reasons)


def _interleaving(run: Run) -> _Judged:
    warm_up = (
        "There is no warm-up."
        if _is_distributed(run)
        else "The warm-up of a target ends once the medians of two windows differ by at most 10 %, or after 8 windows."
    )
    restored = (
        "the workload only reads"
        if run.environment.get("writes") == "none"
        else "every block adds rows, for all targets alike"
    )
    return _IN_PART, (
        f"Each round has the targets in a new random order. {warm_up} The database is not restored between blocks: "
        f"{restored}."
    )


def _statistics() -> _Judged:
    return _IN_PART, (
        "The block is the unit, and each p99 has at least 1,000 samples. The interval is the exact signed-rank one, "
        "widened for the number of ratios, instead of a bootstrap interval of 95 %, whose far tails are inexact."
    )


def _cold_starts(run: Run) -> _Judged:
    measured = [target for target in run.targets if target.status == "measured"]
    without = [target.name for target in measured if not target.cold_start_ms.n]
    unsplit = [
        target.name for target in measured if target.cold_start_ms.n and not any(target.cold_start_ms.phases.split)
    ]
    if measured and not without and not unsplit:
        return _YES, "Every measured target was started cold, and its starts are split into phases."
    reasons = [
        *([f"No cold start was measured of {', '.join(without)}."] if without else ()),
        *([f"The processes of {', '.join(unsplit)} did not report their phases."] if unsplit else ()),
    ]
    return (_NO if len(without) == len(measured) else _IN_PART), " ".join(reasons) or "No target was measured."


def _labels() -> _Judged:
    return _YES, (
        "Each table and plot with figures of a target gives its label, in a column, beside the name or in the title. "
        "The bills of an emulated target rest on emulated quantities."
    )


def _record(run: Run) -> _Judged:
    environment = run.environment
    emulated_routes = {target.route for target in run.targets if target.label == "emulated"}
    is_emulated = any(target.label == "emulated" for target in run.targets)
    machine = environment.get("machine") or {}
    recorded = {
        "revision": environment.get("revision"),
        "hash of the lock file": environment.get("lock_file_sha256"),
        "kernel": machine.get("kernel"),
        "CPU model": machine.get("cpu"),
        "limits": machine.get("limits"),
        "date of the prices": environment.get("prices"),
        **(
            {"configuration of the database": environment.get("postgresql") or environment.get("mariadb")}
            if is_emulated
            else {}
        ),
        **({"configuration of PgBouncer": environment.get("pgbouncer")} if "proxy" in emulated_routes else {}),
        **({"latency of the Data API": environment.get("data_api")} if "data_api" in emulated_routes else {}),
    }
    missing = [*(name for name, value in recorded.items() if not value), *_unknown_workers(run)]
    if not missing:
        return (
            _YES,
            "run.json has all of them, and the histograms of all blocks. Reports name the date of their prices.",
        )
    return _IN_PART, (
        f"run.json has the histograms of all blocks, and lacks: {', '.join(missing)}. Reports name the date of the "
        "prices that they use."
    )


def _unknown_workers(run: Run) -> Iterator[str]:
    """Yield the targets whose number of workers is unknown; an execution environment of Lambda is one process."""
    details = run.environment.get("targets") or {}
    unknown = [
        target.name
        for target in run.targets
        if target.status == "measured"
        and (target.label == "deployed" or target.runtime != "aws_lambda")
        and not details.get(target.name, {}).get("workers")
    ]
    if unknown:
        yield f"numbers of workers of {' and '.join(unknown)}"


def _plan(run: Run) -> Mapping[str, Any]:
    plan = run.environment.get("plan")
    return plan if isinstance(plan, Mapping) else {}


def _is_distributed(run: Run) -> bool:
    return bool(run.environment.get("generator"))
