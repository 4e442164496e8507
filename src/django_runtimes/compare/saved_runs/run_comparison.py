"""Compares each target of a run with the same target of an earlier run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django_runtimes.compare.analysis.drift import independent_share
from django_runtimes.compare.analysis.ratio import Ratio
from django_runtimes.compare.analysis.separate_ratio import separate_ratio
from django_runtimes.compare.analysis.summary import (
    FALSE_DIFFERENCE,
    PairProblem,
    RatioVerdict,
    Summary,
    compares_p99,
    ratio_verdict,
    summarize,
)
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult
from django_runtimes.compare.saved_runs.environment_difference import EnvironmentDifference, environment_differences

# The names of database servers by the key of their settings in run.json.
_SERVERS = {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}


@dataclass(frozen=True)
class NamedRun:
    """A saved run with its name in the report and its file."""

    name: str
    path: Path
    run: Run


@dataclass(frozen=True)
class RunRow:
    """A target under one steady load in two runs; `p99_verdict` is None if the runs do not compare each p99."""

    target: str
    scenario: ScenarioResult
    base: ScenarioResult
    ratio: Ratio | None
    verdict: RatioVerdict
    p99_ratio: Ratio | None
    p99_verdict: RatioVerdict | None


@dataclass(frozen=True)
class RunComparison:
    """A run compared with the first one; `missing` names everything that only one of them measured."""

    first: NamedRun
    second: NamedRun
    summaries: tuple[Summary, Summary]
    rows: tuple[RunRow, ...]
    missing: tuple[str, ...]
    differences: tuple[EnvironmentDifference, ...]
    # The share of the blocks that count as independent.
    independent: float

    @property
    def is_same(self) -> bool:
        """Whether both are the same measurements."""
        return self.first.run == self.second.run

    @property
    def mismatch(self) -> str | None:
        """The reason why nothing can be compared, with the remedy; None if there is a common load."""
        if self.rows:
            return None
        first, second = (_measured(named.run) for named in (self.first, self.second))
        if not first.keys() & second.keys():
            servers = [_server(named.run) for named in (self.second, self.first)]
            if None not in servers and servers[0] != servers[1]:
                return (
                    f"{self.second.name} ran on {servers[0]} and {self.first.name} on {servers[1]}, and a target is "
                    "compared only with itself on the same engine; measure both runs on one engine"
                )
            return (
                f"{self.second.name} has no measured target in common with {self.first.name}; measure the same targets"
            )
        loads = [_loads(targets) for targets in (second, first)]
        return (
            f"{self.second.name} has no load in common with {self.first.name} ({loads[0]} against {loads[1]}); measure "
            f"it again with --rates-from {self.first.path}"
        )

    @property
    def pair_problems(self) -> tuple[tuple[NamedRun, PairProblem], ...]:
        """The runs whose A/A pair differs or could not be judged, which withholds verdicts."""
        runs = zip((self.first, self.second), self.summaries, strict=True)
        return tuple((named, summary.pair_problem) for named, summary in runs if summary.pair_problem is not None)


class _Cell(NamedTuple):
    target: str
    scenario: ScenarioResult
    base: ScenarioResult


def compare_runs(first: NamedRun, second: NamedRun) -> RunComparison:
    """Compare the targets and steady scenarios that both runs measured."""
    summaries = summarize(first.run), summarize(second.run)
    cells = list(_cells(first, second))
    with_p99 = [
        compares_p99(first.run, cell.base, cell.base) and compares_p99(second.run, cell.scenario, cell.base)
        for cell in cells
    ]
    confidence = 1 - FALSE_DIFFERENCE / max(1, len(cells) + sum(with_p99))
    independent = independent_share((first.run, second.run))
    decided = None
    if any(summary.names_no_winner for summary in summaries):
        decided = RatioVerdict.WITHHELD
    elif first.run == second.run:
        # Even a wide interval around 1 leaves no doubt.
        decided = RatioVerdict.NO_DIFFERENCE
    return RunComparison(
        first,
        second,
        summaries,
        rows=tuple(
            _row(cell, confidence, independent, has_p99=has_p99, decided=decided)
            for cell, has_p99 in zip(cells, with_p99, strict=True)
        ),
        missing=tuple(_missing(first, second)),
        differences=environment_differences(first.run.environment, second.run.environment),
        independent=independent,
    )


def _row(cell: _Cell, confidence: float, independent: float, *, has_p99: bool, decided: RatioVerdict | None) -> RunRow:
    ratio = separate_ratio(cell.scenario, cell.base, 0.5, confidence=confidence, independent=independent)
    p99_ratio = (
        separate_ratio(cell.scenario, cell.base, 0.99, confidence=confidence, independent=independent)
        if has_p99
        else None
    )
    verdict, p99_verdict = (ratio_verdict(cell.scenario, cell.base, each) for each in (ratio, p99_ratio))
    verdict, p99_verdict = decided or verdict, decided or p99_verdict
    return RunRow(*cell, ratio, verdict, p99_ratio, p99_verdict if has_p99 else None)


def _cells(first: NamedRun, second: NamedRun) -> Iterator[_Cell]:
    """Yield the steady scenarios of both runs, by scenario."""
    earlier, later = _measured(first.run), _measured(second.run)
    scenarios = {(name, key): each for name, target in later.items() for key, each in _steady(target).items()}
    for name, key in sorted(scenarios, key=lambda each: (each[1], list(later).index(each[0]))):
        base = _steady(earlier[name]).get(key) if name in earlier else None
        if base is not None:
            yield _Cell(name, scenarios[name, key], base)


def _missing(first: NamedRun, second: NamedRun) -> Iterator[str]:
    """Yield a sentence on each target, and each scenario, that only one of the runs measured."""
    for named, other in ((first, second), (second, first)):
        measured, others = _measured(named.run), _measured(other.run)
        failures = {target.name: target.error for target in other.run.targets if target.status != "measured"}
        for name, target in measured.items():
            if name in failures:
                yield f"{name} was not compared: in {other.name} it failed ({failures[name]})."
            elif name not in others:
                yield f"{name} was not compared: {other.name} did not measure it."
            elif alone := [key for key in _steady(target) if key not in _steady(others[name])]:
                loads = ", ".join(f"{scenario} at {rate_rps:g}/s" for scenario, rate_rps in alone)
                yield f"{name} was not compared under {loads}: only {named.name} has this load."


def _loads(targets: Mapping[str, TargetResult]) -> str:
    loads = dict.fromkeys(key for target in targets.values() for key in _steady(target))
    return ", ".join(f"{scenario} at {rate_rps:g}/s" for scenario, rate_rps in loads) or "none"


def _server(run: Run) -> str | None:
    """Return the database server of a run's emulated targets; None without emulated targets."""
    return next((name for key, name in _SERVERS.items() if run.environment.get(key)), None)


def _measured(run: Run) -> dict[str, TargetResult]:
    return {target.name: target for target in run.targets if target.status == "measured"}


def _steady(target: TargetResult) -> dict[tuple[str, float], ScenarioResult]:
    return {(each.name, each.rate_rps): each for each in target.scenarios if each.rate_rps is not None}
