"""The option `--fail-if` of `webapp compare` and `webapp report`."""

import argparse
from collections.abc import Iterable
from typing import TextIO

from django_runtimes.compare.gate.gate_condition import EXAMPLES
from django_runtimes.compare.gate.gate_outcome import GateOutcome

GATE_EXIT_CODES = "1 a condition of --fail-if holds; 2 one cannot be judged"

# argparse reads a single % as a format.
_EXAMPLES = " or ".join(repr(example).replace("%", "%%") for example in EXAMPLES)


def add_fail_if(parser: argparse.ArgumentParser) -> None:
    """Add the option to a parser."""
    parser.add_argument(
        "--fail-if",
        action="append",
        default=[],
        metavar="CONDITION",
        help=f"exit with 1 if this holds, repeatable, such as {_EXAMPLES}; `webapp docs compare` has the metrics",
    )


def write_outcomes(outcomes: Iterable[GateOutcome], stream: TextIO) -> None:
    """Print one line for each outcome."""
    stream.writelines(f"{outcome.line}\n" for outcome in outcomes)
