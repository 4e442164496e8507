"""Lets a terminated command clean up as an interrupted one does."""

import signal
from types import FrameType


def treat_termination_as_interruption() -> None:
    """Make SIGTERM and SIGHUP do what Ctrl-C does, at any moment of the command."""
    # A command started in the background of a script finds SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def interrupt_unless_ignored() -> None:
    """Make SIGTERM and SIGHUP end the command as Ctrl-C does, but for one that nohup has it ignore."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Raised again instead of handled here: asyncio replaces SIGINT's handler while a loop runs.
    signal.raise_signal(signal.SIGINT)
