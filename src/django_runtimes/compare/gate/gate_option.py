"""The option `--fail-if` of `webapp compare` and `webapp report`."""

import argparse
from collections.abc import Iterable
from typing import TextIO

from django_runtimes.compare.gate.gate_outcome import GateOutcome

GATE_EXIT_CODES = "1 a condition of --fail-if holds; 2 one cannot be judged"


def add_fail_if(parser: argparse.ArgumentParser) -> None:
    """Add the option to a parser."""
    parser.add_argument(
        "--fail-if",
        action="append",
        default=[],
        metavar="CONDITION",
        help="exit with 1 if this holds, repeatable, such as 'aws_ecs/pool/direct p99 > 1.2x' or '* errors > 0.1%%'; "
        "`webapp docs compare` has the metrics",
    )


def write_outcomes(outcomes: Iterable[GateOutcome], stream: TextIO) -> None:
    """Print one line for each outcome."""
    stream.writelines(f"{outcome.line}\n" for outcome in outcomes)
