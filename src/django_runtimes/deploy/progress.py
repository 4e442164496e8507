"""Tells the user how far a verb is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TextIO

from rich.console import Console


class Progress:
    """Lines that stay, and in a terminal one beneath them that says what is waited for."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Show one line that stays."""
        self._console.print(text, markup=False)

    def begin(self, text: str) -> None:
        """Show the heading of a step."""
        self._console.print(text, markup=False, style="bold")

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Say in a terminal what is waited for, for as long as it is."""
        with self._console.status(text) if self._console.is_terminal else nullcontext():
            yield
