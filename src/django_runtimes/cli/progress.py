"""Shows the user the progress of a verb."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import Self, TextIO

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from django_runtimes.cli.literal_console import literal_console


class Progress:
    """Prints lines and, in a terminal, a bar for a phase of several steps or a status line while waiting.

    Use it as a context manager if phases have several steps: the exit ends the last bar.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._console = literal_console(stream, soft_wrap=True)
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
        self._console.print(text)

    def begin(self, phase: str, steps: int = 1) -> None:
        """Start a phase with this number of steps."""
        self._end_bar()
        if steps > 1 and self._console.is_terminal:
            description = TextColumn("{task.description}", markup=False)
            columns = (description, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            bar = RichProgress(*columns, console=self._console)
            self._bar = bar, bar.add_task(phase, total=steps)
            bar.start()
        else:
            self._console.print(f"{phase} ({steps})" if steps > 1 else phase, style="bold")

    def advance(self) -> None:
        """Record one step of the phase as done."""
        if self._bar is not None:
            bar, task = self._bar
            bar.advance(task)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a status line in a terminal until the end of the block."""
        # A status reads a string as markup, whatever its console does.
        with self._console.status(Text(text)) if self._console.is_terminal else nullcontext():
            yield

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None
