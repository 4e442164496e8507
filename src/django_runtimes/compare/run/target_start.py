"""Starts a target within the time that the run's limit leaves for it."""

import asyncio
import math
from contextlib import AsyncExitStack

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.run.time_limit import TimeLimit


async def start_target(subject: Subject, running: AsyncExitStack, limit: TimeLimit | None) -> None:
    """Enter a subject's target into the stack, which ends it; without a limit, the target's own time applies.

    Raise CompareError with the end of its log if it is not ready in time. It has ended by then.
    """
    within_s = math.inf if limit is None else limit.step_s
    try:
        async with asyncio.timeout(None if math.isinf(within_s) else within_s) as deadline:
            await running.enter_async_context(subject.target)
    except TimeoutError:
        if limit is None or not deadline.expired():
            raise
        logs = subject.target.logs
        raise CompareError(
            f"it was not ready within {within_s:.3g} s, the time that the run's limit of {limit.limit_s:g} s left for "
            f"its start: {processes.cause(logs[-1]) if logs else 'it wrote nothing'}; correct its start, or give a "
            "longer --budget"
        ) from None
