"""Runs the steps of a measurement on subjects, and fails a subject by itself."""

from collections.abc import Awaitable, Callable

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run.subject import Subject

# A target with a larger share of wrong answers fails, since its latencies are not comparable.
_WRONG_SHARE = 0.05
_MIN_WRONG = 5

Step = Callable[[Subject], Awaitable[None]]


def check_wrong_share(subject: Subject) -> None:
    """Raise CompareError when too many answers of a subject were wrong."""
    blocks = [block for blocks in subject.blocks.values() for block in blocks.values()]
    sent, wrong = sum(block.sent for block in blocks), sum(block.wrong for block in blocks)
    if wrong >= _MIN_WRONG and wrong > _WRONG_SHARE * sent:
        first = next(block.first_wrong for block in blocks if block.first_wrong is not None)
        raise CompareError(f"{wrong} of {sent} answers were wrong (the limit is {_WRONG_SHARE:.0%}); {first}")


async def attempt(subject: Subject, step: Step) -> None:
    """Run one step on a subject; a CompareError becomes the failure of this subject only."""
    try:
        await step(subject)
    except CompareError as error:
        subject.failure = subject.failure or str(error)
