"""Runs the steps of a measurement on subjects, within the run's limit, and fails a subject by itself."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.run.time_limit import TimeLimit
from django_runtimes.compare.workload.workload import SAFE_METHODS, Session

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


def check_may_log_in(subject: Subject, session: Session) -> None:
    """Raise CompareError if a login would send data to a target that is only read."""
    if not subject.may_write and any(step.method not in SAFE_METHODS for step in session.steps):
        raise CompareError(
            "the workload's [session] sends data to log in, and a deployed target is only read; "
            "pass --allow-writes, which also sends the workload's writes"
        )


async def attempt(subject: Subject, step: Step) -> None:
    """Run one step on a subject; a CompareError becomes the failure of this subject only."""
    try:
        await step(subject)
    except CompareError as error:
        subject.failure = subject.failure or str(error)


@dataclass(frozen=True)
class Phase:
    """A phase of a measurement; a subject cannot be measured further without one that is needed."""

    name: str
    is_needed: bool = False


async def attempt_within(limit: TimeLimit, subject: Subject, step: Step, phase: Phase) -> None:
    """Run one step of a phase on a subject, as `attempt` does, and cut it off when its time is used up.

    The limit notes a step that was cut off. If the phase is needed, the subject fails, too.
    """
    within_s = limit.step_s
    try:
        async with asyncio.timeout(None if math.isinf(within_s) else within_s) as deadline:
            await attempt(subject, step)
    except TimeoutError:
        if not deadline.expired():
            raise
        limit.leave_out(f"the rest of {phase.name} at {subject.name}")
        if phase.is_needed:
            subject.failure = subject.failure or (
                f"{phase.name} did not end within {within_s:.0f} s, the time that the run's limit of "
                f"{limit.limit_s:g} s left for it; give a longer --budget, or fewer targets"
            )
