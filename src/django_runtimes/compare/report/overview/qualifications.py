"""The lines that qualify an answer: an interruption before it, and failures and a busy machine after it."""

from collections.abc import Iterator, Sequence

from django_runtimes.compare.analysis.busy_machine import busy_sentence
from django_runtimes.compare.analysis.summary import MIN_OK_SHARE
from django_runtimes.compare.cost.exclusion import requests_text
from django_runtimes.compare.record.results import Run, TargetResult


def qualified(answer: Sequence[str], run: Run) -> tuple[str, ...]:
    """Return the lines of an answer between the interruption of its run, and the failures and a busy machine."""
    busy = busy_sentence(run)
    return (*_interruption(run), *answer, *_failures(run), *(() if busy is None else (busy,)))


def _interruption(run: Run) -> Iterator[str]:
    if not run.environment.get("interrupted"):
        return
    planned = run.environment.get("planned_blocks")
    measured = sum(
        block.void is None
        for target in run.targets
        for scenario in target.scenarios
        if scenario.rate_rps is not None
        for block in scenario.blocks
    )
    if not isinstance(planned, int):
        # Files of earlier versions do not have the number.
        yield f"Interrupted after {measured:,} blocks, so these figures are preliminary."
    elif planned == 0:
        yield "Interrupted before the steady load, so there is nothing to compare."
    else:
        yield f"Interrupted after {measured:,} of {planned:,} blocks, so these figures are preliminary."


def _failures(run: Run) -> Iterator[str]:
    found = [
        *(f"{target.name} was not measured" for target in run.targets if target.status == "failed"),
        *(
            f"{target.name} left {' and '.join(unexpected)} without the expected answer"
            for target in run.targets
            if target.status == "measured" and (unexpected := list(_unexpected(target)))
        ),
    ]
    if found:
        yield f"Failed: {'; '.join(found)}."


def _unexpected(target: TargetResult) -> Iterator[str]:
    for scenario in target.scenarios:
        if scenario.ok < MIN_OK_SHARE * scenario.sent:
            rate = "" if scenario.rate_rps is None else f" at {scenario.rate_rps:g}/s"
            yield f"{1 - scenario.ok / scenario.sent:.1%} of its {requests_text(scenario)}{rate}"
