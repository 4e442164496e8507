"""`webapp doctor`: examines the configuration and its servers, and reports problems with their remedies."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.doctor.doctor_report import Section, as_json, as_text, exit_code
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding
from django_runtimes.doctor.sections.aws_section import examine_aws
from django_runtimes.doctor.sections.budget_section import examine_budget
from django_runtimes.doctor.sections.database_section import examine_database
from django_runtimes.doctor.sections.media_section import examine_media
from django_runtimes.doctor.sections.runtime_section import examine_runtime
from django_runtimes.doctor.sections.settings_section import examine_settings
from django_runtimes.doctor.sections.store_section import examine_store

# The sections, in the order in which they are examined and printed.
SECTIONS: dict[str, Callable[[Examination], list[Finding]]] = {
    "runtime": examine_runtime,
    "settings": examine_settings,
    "database": examine_database,
    "budget": examine_budget,
    "store": examine_store,
    "media": examine_media,
    "aws": examine_aws,
}


def main(arguments: Sequence[str]) -> int:
    """Examine, print the report, and return the exit code that `--help` explains."""
    options = _parser().parse_args(arguments)
    chosen = [name for name in SECTIONS if name in (options.sections or SECTIONS)]
    examination = Examination(os.environ, offline=options.offline, verify=options.verify)
    sections = [Section(name, tuple(SECTIONS[name](examination))) for name in chosen]
    sys.stdout.write(as_json(sections) if options.json else as_text(sections))
    return exit_code(sections)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp doctor",
        description="Examine the application's configuration, the servers that it names, and whether they have "
        "enough connections.",
        epilog="Exit codes: 0 all is well; 1 something is wrong; 2 invalid arguments; 78 invalid variables.",
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        type=_section,
        help=f"what to examine: {', '.join(SECTIONS)} (default: all)",
    )
    parser.add_argument("--offline", action="store_true", help="connect to no server")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="also verify assumptions about AWS in this account, at no cost and without changing anything",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _section(text: str) -> str:
    if text not in SECTIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a section; choose from {', '.join(SECTIONS)}")
    return text
