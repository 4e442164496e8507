"""Ends a command in one line if its standard output is a full disk, and silently if it is a closed pipe."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_FAILED

# These errors carry no file name, so they are judged by their numbers.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def written_completely(program: str) -> Iterator[None]:
    """Write all output before the command ends.

    If a disk is full, one line says so and an exit code of 0 becomes 1. A pipe closed by its reader, as by `| head`,
    changes no exit code.
    """
    ended = SystemExit(EXIT_DONE)
    try:
        try:
            yield
        except SystemExit as raised:
            ended = raised
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        if error.errno not in _FULL:
            raise
        discard_output()
        sys.stderr.write(f"{program}: {error}\n")
        ended.code = ended.code or EXIT_FAILED
    if ended.code:
        raise ended


def discard_output() -> None:
    """Write the remaining output nowhere; otherwise Python reports an error for it at exit, with code 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
