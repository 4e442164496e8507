"""Reads passwords and secrets: from a terminal without showing them, or from a pipe."""

import contextlib
import sys
import termios
from collections.abc import Iterator

from django_runtimes.cli.tool_error import UsageError

# A terminal passes on at most this many characters of a line, the newline included, and drops the others silently.
_TERMINAL_LINE = 4095


def is_terminal() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask_line(prompt: str) -> str:
    """Return a line from the terminal, which shows what is typed; raise UsageError at the end of the input."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return _line(prompt)


def ask_hidden_line(prompt: str) -> str:
    """Return a line from the terminal, which does not show what is typed; raise UsageError at the end of the input."""
    try:
        # The terminal would show what a user types or pastes between the question and the end of the echo.
        with _without_echo():
            sys.stderr.write(prompt)
            sys.stderr.flush()
            line = _line(prompt)
    finally:
        sys.stderr.write("\n")
    if len(line.encode()) >= _TERMINAL_LINE - 1:
        raise UsageError(
            f"a terminal passes on only {_TERMINAL_LINE} bytes of a line; give a longer text through a pipe"
        )
    return line


def read_piped_text() -> str:
    """Return standard input without one newline at its end; raise UsageError if it is not UTF-8."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        # The error's text would show a part of the secret.
        text = None
    if text is None:
        raise UsageError("standard input is not UTF-8; encode the secret as text, for example with base64")
    return text.removesuffix("\n").removesuffix("\r")


def _line(prompt: str) -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        line = None
    if line is None:
        raise UsageError("the terminal does not send UTF-8; set its locale to UTF-8, or use a pipe")
    if not line:
        raise UsageError(f"no answer to {prompt.strip().rstrip(':')!r}; run this again")
    return line.removesuffix("\n")


@contextlib.contextmanager
def _without_echo() -> Iterator[None]:
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    hidden = termios.tcgetattr(descriptor)
    hidden[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
