"""Counts the statements that would pin for each emulated target, after the measurement."""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.diagnosis.masking import masked, secrets_of
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.pins.pin_pass import count_pins
from django_runtimes.compare.run.emulation import Emulation
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.run.time_limit import PINS_END_S, PINS_GRACE_S, TimeLimit
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.targets.target import Target
from django_runtimes.compare.workload.workload import Workload
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.profile import PROFILES

_NO_CONNECTION = "its statements that would pin were not counted: it has no connection that could be pinned"
_UNREADABLE = "its statements that would pin were not counted: only those of PostgreSQL's clients can be read here"
_PART = "the count of statements that would pin"


def _uncountable(emulation: Emulation, subject: Subject) -> str | None:
    """Return why a subject's statements cannot be counted, or None."""
    if not emulation.engine.counts_pins:
        return _UNREADABLE
    return _NO_CONNECTION if subject.name.route is Route.DATA_API else None


async def count_all_pins(
    emulation: Emulation,
    workload: Workload,
    generator: LoadGenerator,
    progress: Progress,
    *,
    run_id: str,
    limit: TimeLimit,
) -> None:
    """Give each measured subject its counts, or a note why there are none; Ctrl-C ends this early.

    Nothing is counted if the limit passed too long ago, and a count that has begun is cut off 35 s after the limit.

    Targets that differ only in their memory, or in the name of their runtime, send the same statements, and are counted
    once. All are counted at the same time, since nothing is measured.
    """
    groups: dict[object, tuple[TargetName, list[Subject]]] = {}
    for subject in emulation.subjects:
        if (reason := _uncountable(emulation, subject)) is not None:
            subject.notes.append(reason)
        elif subject.failure is None and isinstance(subject.name, TargetName):
            name = replace(subject.name, memory_mb=None)
            alike = PROFILES[name.runtime], name.strategy, name.route
            groups.setdefault(alike, (name, []))[1].append(subject)
    if not groups:
        return
    if limit.left_s < -PINS_GRACE_S:
        limit.leave_out(_PART)
        return
    database = f"webapp_{run_id}_pins"
    # The numbers of the groups whose count has ended.
    ended: set[int] = set()
    progress.begin("counting statements that would pin", len(groups))

    async def count(index: int, name: TargetName, subjects: list[Subject]) -> None:
        environ = emulation.environ(name, database)

        def make_target(moved: Mapping[str, str]) -> Target:
            return emulation.codebase.target(name, moved)

        try:
            pins = await count_pins(environ, make_target, workload, generator, Ledger(f"{run_id}-pins", index))
        except (CompareError, OSError) as error:
            # It may quote the end of a log.
            note = f"its statements that would pin were not counted: {masked(str(error), secrets_of(environ))}"
            for subject in subjects:
                subject.notes.append(note)
        else:
            for subject in subjects:
                subject.pins = pins
        ended.add(index)
        progress.advance()

    try:
        emulation.engine.create_database(emulation.server, database, template=emulation.template)
        async with asyncio.timeout(None if math.isinf(limit.pins_s) else limit.pins_s):
            await asyncio.gather(*(count(index, name, each) for index, (name, each) in enumerate(groups.values())))
    except TimeoutError:
        limit.leave_out(f"{_PART} of some targets")
        note = (
            f"its statements that would pin were not counted: the count had not ended {PINS_END_S:g} s after the run's "
            f"limit of {limit.limit_s:g} s"
        )
        for index, (_, subjects) in enumerate(groups.values()):
            for subject in subjects if index not in ended else ():
                subject.notes.append(note)
    except CompareError as error:
        progress.say(f"statements that would pin were not counted: {error}")
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        progress.say("interrupted: keeping the measurements, without the other counts of statements that would pin")
    finally:
        # The measurements count more than a leftover of a server that is gone.
        with contextlib.suppress(CompareError):
            emulation.engine.drop_database(emulation.server, database)
