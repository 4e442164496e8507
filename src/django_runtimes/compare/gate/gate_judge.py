"""Judges the conditions of `--fail-if` on a run, and decides its exit code."""

from collections.abc import Iterable, Sequence

from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from django_runtimes.compare.gate.gate_cell import GateCell, cells_of
from django_runtimes.compare.gate.gate_condition import FailCondition
from django_runtimes.compare.gate.gate_figure import GateVerdict
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.gate.judged_run import JudgedRun
from django_runtimes.compare.gate.unjudgeable import UnjudgeableError

# A condition whose figure is exactly at its limit fails by chance in at most one of 20 runs. An interval leaves out as
# much on its other side.
_FALSE_FAILURE = 0.05


def judge(conditions: Iterable[FailCondition], runs: Sequence[JudgedRun]) -> tuple[GateOutcome, ...]:
    """Return the outcome of each condition for each run, target and load that it names."""
    outcomes = []
    for condition in conditions:
        cells = [(judged, cell) for judged in runs for cell in cells_of(condition, judged)]
        confidence = 1 - 2 * _FALSE_FAILURE / len(cells)
        outcomes += [_outcome(condition, judged, cell, confidence) for judged, cell in cells]
    return tuple(outcomes)


def gate_exit_code(outcomes: Iterable[GateOutcome]) -> int:
    """Return 1 if a condition holds, otherwise 2 if one cannot be judged, and otherwise 0."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if GateVerdict.HOLDS in verdicts:
        return EXIT_FAILED
    return EXIT_USAGE if GateVerdict.NOT_JUDGED in verdicts else EXIT_DONE


def _outcome(condition: FailCondition, judged: JudgedRun, cell: GateCell, confidence: float) -> GateOutcome:
    subject = f"{judged.name}: {cell.subject}" if judged.name else cell.subject
    try:
        figure = cell.figure(confidence)
    except UnjudgeableError as error:
        return GateOutcome(condition, subject, GateVerdict.NOT_JUDGED, reason=str(error))
    compared_with = judged.compared_with if condition.is_ratio else ""
    return GateOutcome(condition, subject, figure.verdict(condition.limit), figure, compared_with)
