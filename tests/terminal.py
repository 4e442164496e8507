"""Runs a program at a terminal, and types its answers."""

import contextlib
import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from django_runtimes.cli.processes import bound_to_parent

# A program writes a text of this size at once.
_PIPE_BYTES = 4096


class TerminalSession(NamedTuple):
    """How a program ended; `echo` is what the terminal showed of the typed text."""

    exit_code: int
    stdout: str
    stderr: str
    echo: str


def answer_at_terminal(
    argv: Sequence[str], answers: str, *, environ: Mapping[str, str], directory: Path
) -> TerminalSession:
    """Run a program whose questions end with a colon and a space, and type one line of the answers at each."""
    terminal, standard_input = pty.openpty()
    try:
        with subprocess.Popen(
            bound_to_parent(list(argv)),
            cwd=directory,
            env=dict(environ),
            stdin=standard_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            errors = b""
            for line in answers.splitlines(keepends=True):
                errors += _read_question(process.stderr.fileno())
                os.write(terminal, line.encode())
            errors += process.stderr.read()
            output = process.stdout.read()
        os.set_blocking(terminal, False)
        echo = b""
        with contextlib.suppress(BlockingIOError):
            while more := os.read(terminal, 100_000):
                echo += more
    finally:
        os.close(terminal)
        os.close(standard_input)
    return TerminalSession(process.returncode, output.decode(), errors.decode(), echo.decode())


def _read_question(errors: int) -> bytes:
    """Read up to the next question, which ends what the program has written, or up to the end.

    The text of an error may contain a colon and a space too, but does not end with them.
    """
    text = b""
    while not text.endswith(b": ") and (more := os.read(errors, _PIPE_BYTES)):
        text += more
    return text
