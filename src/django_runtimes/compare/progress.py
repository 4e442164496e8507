"""Tells the user how far a comparison is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Reporter(Protocol):
    """Takes what happens: phases, each with so many steps."""

    def say(self, text: str) -> None:
        """Show one line that stays."""
        ...

    def begin(self, phase: str, steps: int) -> None:
        """Start a phase of so many steps."""
        ...

    def advance(self) -> None:
        """One step of the phase is done."""
        ...


class PlainReporter:
    """One line for each phase, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        """Show one line that stays."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def begin(self, phase: str, steps: int) -> None:
        """Start a phase of so many steps."""
        self.say(f"{phase} ({steps})" if steps > 1 else phase)

    def advance(self) -> None:
        """One step of the phase is done."""


class BarReporter:
    """A progress bar for each phase, for terminals."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def say(self, text: str) -> None:
        """Show one line that stays."""
        self._progress.console.print(text, highlight=False, markup=False)

    def begin(self, phase: str, steps: int) -> None:
        """Start a phase of so many steps."""
        self._task = self._progress.add_task(phase, total=steps)

    def advance(self) -> None:
        """One step of the phase is done."""
        if self._task is not None:
            self._progress.advance(self._task)


@contextmanager
def reporter(stream: TextIO = sys.stderr) -> Iterator[Reporter]:
    """Bars in a terminal, plain lines otherwise."""
    if not stream.isatty():
        yield PlainReporter(stream)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream)) as progress:
        yield BarReporter(progress)
