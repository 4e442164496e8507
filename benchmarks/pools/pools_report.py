"""Writes what the pools did: pools.json for programs, pools.md for people."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import reduce
from operator import add
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.pools.contenders import CONTENDERS, LIMIT, POOL_SIZE, THREADS, WORKERS, Contender
from benchmarks.pools.measurement import CLIENTS, Phases
from benchmarks.pools.outcome import Errors, Outcome
from benchmarks.report import RESULTS

_COLUMNS = (
    "contender",
    "allowed",
    "peak",
    "mean",
    "idle",
    "wait, mean ms",
    "wait, p99 ms",
    "answers",
    "errors",
    "errors, server down",
    "errors, server back",
    "last error after, s",
    "peak, server back",
)


def write(
    environment: Mapping[str, Any], phases: Phases, outcomes: Mapping[str, Sequence[Outcome]], directory: Path = RESULTS
) -> list[str]:
    """Write both files into the directory, and return the lines of the second one."""
    lines = list(_markdown(environment, phases, outcomes))
    directory.mkdir(exist_ok=True)
    (directory / "pools.json").write_text(as_json(environment, phases, outcomes), encoding="utf-8")
    (directory / "pools.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lines


def as_json(environment: Mapping[str, Any], phases: Phases, outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Return the environment, the phases and every round as JSON, without single waits."""
    content = {
        "environment": environment,
        "load": {"clients": CLIENTS, "workers": WORKERS, "threads": THREADS, "pool_size": POOL_SIZE},
        "phases": asdict(phases),
        "contenders": {key: [_round(outcome) for outcome in rounds] for key, rounds in outcomes.items()},
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values is, or the largest one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _markdown(
    environment: Mapping[str, Any], phases: Phases, outcomes: Mapping[str, Sequence[Outcome]]
) -> Iterator[str]:
    machine = environment["machine"]
    yield from (
        "# Pools and poolers",
        "",
        f"Written by `make bench ARGS=--pools` on {environment['finished_at']}, revision {environment['revision']}, "
        f"Python {environment['python']}, {machine['cpus']} CPUs ({machine['cpu']}), PostgreSQL "
        f"{environment['postgresql']}; load average before the start {environment['load_average_before']}.",
        "",
        f"{CLIENTS} clients in a closed loop on one view, which uses its connection for half of its 80 ms; {WORKERS} "
        f"workers of {THREADS} threads or greenlets, with {POOL_SIZE} connections each, or {LIMIT} of PgBouncer's. "
        f"{phases.rounds} rounds in random order: {phases.busy_s:g} s of load, {phases.quiet_s:g} s without, and a "
        f"restart of the server under load, which is down for {phases.down_s:g} s and observed for "
        f"{phases.restarted_s:g} s. Connections are the highest peak, the mean of the means, and the median of those "
        "left at the end of the quiet phase; waits are of all answers, up to the first statement's result. Everything "
        "runs on one machine, so trust the order and not the milliseconds.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|---|{'---:|' * (len(_COLUMNS) - 1)}",
    )
    for contender in CONTENDERS:
        yield f"| {' | '.join(_row(contender, outcomes[contender.key]))} |"
    yield ""
    for contender in CONTENDERS:
        total = _errors(outcomes[contender.key], "busy_errors", "down_errors", "later_errors")
        if total.by_class:
            classes = ", ".join(f"{count:,} {name}" for name, count in sorted(total.by_class.items()))
            yield from (f"Errors of {contender.title}: {classes}.", "")


def _row(contender: Contender, rounds: Sequence[Outcome]) -> list[str]:
    waits = [wait for outcome in rounds for wait in outcome.waits_ms]
    busy, down, later = (_errors(rounds, name) for name in ("busy_errors", "down_errors", "later_errors"))
    return [
        contender.title,
        "-" if contender.limit is None else str(contender.limit),
        str(max(outcome.busy.peak for outcome in rounds)),
        f"{fmean(outcome.busy.mean for outcome in rounds):.1f}",
        f"{median(outcome.idle for outcome in rounds):g}",
        f"{fmean(waits):,.0f}" if waits else "-",
        f"{percentile(waits, 0.99):,.0f}" if waits else "-",
        f"{busy.sent - busy.by_class.total():,}",
        _of_sent(busy),
        _of_sent(down),
        _of_sent(later),
        f"{max(outcome.recovered_s for outcome in rounds):.1f}" if later.by_class else "-",
        str(max(outcome.restarted.peak for outcome in rounds)),
    ]


def _of_sent(errors: Errors) -> str:
    return f"{errors.by_class.total():,} of {errors.sent:,}"


def _errors(rounds: Sequence[Outcome], *names: str) -> Errors:
    return reduce(add, (getattr(outcome, name) for outcome in rounds for name in names), Errors(0, Counter()))


def _round(outcome: Outcome) -> dict[str, Any]:
    waits = outcome.waits_ms
    return {
        "busy": asdict(outcome.busy),
        "idle": outcome.idle,
        "restarted": asdict(outcome.restarted),
        "waits": len(waits),
        "wait_mean_ms": round(fmean(waits), 2) if waits else None,
        "wait_p99_ms": round(percentile(waits, 0.99), 2) if waits else None,
        "busy_errors": _counted(outcome.busy_errors),
        "down_errors": _counted(outcome.down_errors),
        "later_errors": _counted(outcome.later_errors),
        "recovered_s": round(outcome.recovered_s, 3),
    }


def _counted(errors: Errors) -> dict[str, Any]:
    return {"sent": errors.sent, "by_class": dict(errors.by_class)}
