"""Lets a terminated command clean up as an interrupted one does."""

import signal
from types import FrameType


def treat_termination_as_interruption() -> None:
    """Make SIGTERM and SIGHUP do what Ctrl-C does, at any moment of the command."""
    # A command started in the background of a script finds SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Raised again instead of handled here: asyncio replaces SIGINT's handler while a loop runs.
    signal.raise_signal(signal.SIGINT)
