"""A command-line parser that reports each error in one line."""

import argparse
from collections.abc import Callable
from typing import NoReturn

from django_runtimes.cli.exit_codes import EXIT_USAGE


class OneLineParser(argparse.ArgumentParser):
    """Python's parser, without the usage text before each error."""

    def error(self, message: str) -> NoReturn:
        """Print the error on one line, and exit with 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def positive_number(*, maximum: float) -> Callable[[str], float]:
    """Return an argument type that accepts numbers above 0 and up to `maximum`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value <= maximum:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and up to {maximum:.15g}")
        return value

    return read
