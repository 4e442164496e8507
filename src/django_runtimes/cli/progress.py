"""Shows the user the progress of a verb."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress


class Progress:
    """Prints lines and, in a terminal, a bar for a phase of several steps or a status line while waiting.

    Use it as a context manager if phases have several steps: the exit ends the last bar.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._bar: tuple[RichProgress, TaskID] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end_bar()

    def say(self, text: str) -> None:
        """Print one permanent line."""
        self._console.print(text, markup=False)

    def begin(self, phase: str, steps: int = 1) -> None:
        """Start a phase with this number of steps."""
        self._end_bar()
        if steps > 1 and self._console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            bar = RichProgress(*columns, console=self._console)
            self._bar = bar, bar.add_task(phase, total=steps)
            bar.start()
        else:
            self._console.print(f"{phase} ({steps})" if steps > 1 else phase, markup=False, style="bold")

    def advance(self) -> None:
        """Record one step of the phase as done."""
        if self._bar is not None:
            bar, task = self._bar
            bar.advance(task)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a status line in a terminal until the end of the block."""
        with self._console.status(text) if self._console.is_terminal else nullcontext():
            yield

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None
