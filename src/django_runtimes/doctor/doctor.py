"""`webapp doctor`: examine the configuration and what it leads to, and say what is wrong and what mends it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.doctor.doctor_report import Section, as_json, as_text, exit_code
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding
from django_runtimes.doctor.sections.aws import examine_aws
from django_runtimes.doctor.sections.budget import examine_budget
from django_runtimes.doctor.sections.database import examine_database
from django_runtimes.doctor.sections.runtime import examine_runtime
from django_runtimes.doctor.sections.settings import examine_settings

# In the order in which they are examined and printed.
SECTIONS: dict[str, Callable[[Examination], list[Finding]]] = {
    "runtime": examine_runtime,
    "settings": examine_settings,
    "database": examine_database,
    "budget": examine_budget,
    "aws": examine_aws,
}


def main(arguments: Sequence[str]) -> int:
    """Examine and print; the exit code is in `--help`."""
    options = _parser().parse_args(arguments)
    chosen = [name for name in SECTIONS if name in (options.sections or SECTIONS)]
    examination = Examination(os.environ, offline=options.offline)
    sections = [Section(name, tuple(SECTIONS[name](examination))) for name in chosen]
    sys.stdout.write(as_json(sections) if options.json else as_text(sections))
    return exit_code(sections)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp doctor",
        description="Examine how the application is configured, the servers that leads to, and whether their "
        "connections suffice.",
        epilog="Exit codes: 0 all is well; 1 something is wrong; 2 bad arguments; "
        "78 the variables do not say how to run.",
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        type=_section,
        help=f"what to examine: {', '.join(SECTIONS)} (default: all)",
    )
    parser.add_argument("--offline", action="store_true", help="ask no server")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _section(text: str) -> str:
    if text not in SECTIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a section; choose from {', '.join(SECTIONS)}")
    return text
