"""The lines of a report that names no winner, since its A/A pair does not support one."""

from django_runtimes.compare.analysis.missing_blocks import missing_blocks_remedy
from django_runtimes.compare.analysis.summary import PairProblem
from django_runtimes.compare.record.results import Run


def no_winner_sentence(problem: PairProblem) -> str:
    """Return the reason why a run names no winner."""
    return f"An A/A pair {problem}, so this run names no winner."


def withheld_lines(run: Run, problem: PairProblem) -> tuple[str, str]:
    """Return the reason and the remedy."""
    if problem is PairProblem.DIFFERS:
        return no_winner_sentence(problem), "Repeat it on a machine that is less busy."
    remedy = missing_blocks_remedy(run)
    return no_winner_sentence(problem), f"{remedy[0].upper()}{remedy[1:]}."
