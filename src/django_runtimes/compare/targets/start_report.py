"""Reads the line in which a process reports its start, and splits a cold start into its phases."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django_runtimes.config.variables.application_variables import START_PHASES

# The line of WEBAPP_START_PHASES.
_PREFIX = b"webapp: start "
# The process writes the line before or right after it sends its response.
_PATIENCE_S = 1.0
_POLL_S = 0.01
# The phases need these moments, which come in this order.
_REQUIRED = ("first_line", "setup_begins", "setup_ends")
# The parts of the first use of the database.
_DATABASE_USES = ("connect", "query")


@dataclass(frozen=True)
class StartPhases:
    """The phases of one cold start in ms, which add up to the time from the start to the client's answer.

    `engine_ms` is None unless a container was created, and `database_ms` unless the database was used. `master_ms` is
    the time until gunicorn's master forked the worker that answered, which the other phases include; None without one.
    """

    engine_ms: float | None
    spawn_ms: float
    import_ms: float
    setup_ms: float
    load_ms: float
    database_ms: float | None
    response_ms: float
    master_ms: float | None

    @property
    def worker_ms(self) -> float | None:
        """The time from the fork of the worker until it is ready; None without a worker."""
        if self.master_ms is None:
            return None
        ready_ms = sum((self.engine_ms or 0.0, self.spawn_ms, self.import_ms, self.setup_ms, self.load_ms))
        return ready_ms - self.master_ms

    @classmethod
    def between(
        cls,
        moments: Mapping[str, float],
        *,
        started_s: float,
        ready_ms: float,
        first_response_ms: float,
        has_engine: bool,
    ) -> Self | None:
        """Split a start at the process's moments; None if they are incomplete or do not lie within the start.

        The moments and `started_s` are in seconds of time.monotonic(). The containers of some engines have a clock of
        their own.
        """
        begin_s = moments.get("process_started", started_s) if has_engine else started_s
        # The kernel records the start of a process to a hundredth of a second.
        begin_s = max(begin_s, started_s)
        ready_s = started_s + ready_ms / 1_000
        edges_s = [started_s, begin_s, *(moments.get(name, -1.0) for name in _REQUIRED), ready_s]
        if edges_s != sorted(edges_s):
            return None
        used = [
            (moments[f"{use}_begins"], moments[f"{use}_ends"])
            for use in _DATABASE_USES
            if f"{use}_begins" in moments and f"{use}_ends" in moments
        ]

        def between_ms(from_s: float, to_s: float) -> float:
            # The application may use the database while it loads.
            inside_s = sum(end_s - begin_s for begin_s, end_s in used if from_s <= begin_s < to_s)
            return round((to_s - from_s - inside_s) * 1_000, 3)

        engine_s, spawn_s, import_s, setup_s, load_s, ready_s = edges_s
        forked_s = moments.get("forked")
        database_s = sum(end_s - begin_s for begin_s, end_s in used)
        before_ready_s = sum(end_s - begin_s for begin_s, end_s in used if begin_s < ready_s)
        return cls(
            engine_ms=between_ms(engine_s, spawn_s) if has_engine else None,
            spawn_ms=between_ms(spawn_s, import_s),
            import_ms=between_ms(import_s, setup_s),
            setup_ms=between_ms(setup_s, load_s),
            load_ms=between_ms(load_s, ready_s),
            database_ms=round(database_s * 1_000, 3) if used else None,
            response_ms=round(first_response_ms - (database_s - before_ready_s) * 1_000, 3),
            master_ms=None if forked_s is None else round((forked_s - started_s) * 1_000, 3),
        )


class StartReports:
    """Reads the reports of one target's processes, if `environ` makes them report their starts."""

    def __init__(self, environ: Mapping[str, str], *, has_engine: bool) -> None:
        self._has_engine = has_engine
        self._expected = bool(environ.get(START_PHASES.name))

    async def phases(
        self, log: Path, *, offset: int = 0, started_s: float, ready_ms: float, first_response_ms: float
    ) -> StartPhases | None:
        """Return the phases of a start, from the first report after `offset` bytes of the log.

        With several workers that is the report of the worker that answered first. Return None without a report in
        time; processes of older images never report.
        """
        if not self._expected:
            return None
        moments = await _reported_moments(log, offset)
        if moments is None:
            self._expected = False
            return None
        return StartPhases.between(
            moments,
            started_s=started_s,
            ready_ms=ready_ms,
            first_response_ms=first_response_ms,
            has_engine=self._has_engine,
        )


async def _reported_moments(log: Path, offset: int) -> Mapping[str, float] | None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        moments = _first_report(log, offset)
        if moments is not None or time.monotonic() > deadline_s:
            return moments
        await asyncio.sleep(_POLL_S)


def _first_report(log: Path, offset: int) -> Mapping[str, float] | None:
    try:
        with log.open("rb") as file:
            file.seek(offset)
            lines = file.read().splitlines(keepends=True)
    except OSError:
        return None
    for line in lines:
        # A line without its end is still being written.
        if line.startswith(_PREFIX) and line.endswith(b"\n"):
            try:
                values = json.loads(line.removeprefix(_PREFIX))
                return {name: float(value) for name, value in values.items()}
            except (ValueError, TypeError, AttributeError):
                return None
    return None
