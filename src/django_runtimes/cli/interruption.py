"""Lets a terminated command clean up like an interrupted one."""

import signal
from types import FrameType


def treat_termination_as_interruption() -> None:
    """Make SIGTERM and SIGHUP act like Ctrl-C at any moment of the command."""
    # A shell script starts its background commands with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def interrupt_unless_ignored() -> None:
    """Make SIGTERM and SIGHUP end the command like Ctrl-C, except a signal that is ignored, as under nohup."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # The signal is raised as SIGINT, because asyncio replaces SIGINT's handler while a loop runs.
    signal.raise_signal(signal.SIGINT)
