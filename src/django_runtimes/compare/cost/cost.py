"""`webapp cost`: the monthly bill of each target, from a run and AWS's prices."""

import argparse
import json
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_USAGE
from django_runtimes.cli.literal_console import literal_console
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.cost.analysis import CostAnalysis, analyze_cost
from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.cost_json import cost_json
from django_runtimes.compare.cost.cost_terminal import print_cost, print_details, print_terms
from django_runtimes.compare.cost.prices.price_file import DEFAULT_REGION, complete_regions
from django_runtimes.compare.cost.usage.traffic import JUDGED_RATE_RPS, Traffic
from django_runtimes.compare.cost.usage.traffic_file import read_traffic
from django_runtimes.compare.record.run_file import read_run

_MORE = "--details adds options (arm, SnapStart, streams and others), databases, egress and instance classes.\n"
_MOST_REQUESTS = Decimal(10) ** 12


def main(arguments: Sequence[str]) -> int:
    """Print the cost; exit with 2 for invalid input."""
    options = _parser().parse_args(arguments)
    try:
        analysis = analyze_cost(
            None if options.run is None else read_run(options.run),
            region=options.region,
            own_traffic=_own_traffic(options),
            settings=options.set,
        )
        if options.json:
            sys.stdout.write(json.dumps(cost_json(analysis), indent=2, ensure_ascii=False) + "\n")
        elif options.terms is not None:
            print_terms(_named(analysis, options.terms), _shown_traffic(analysis), literal_console())
        else:
            print_cost(analysis, literal_console(), with_details=options.details)
            if options.details:
                print_details(analysis, literal_console())
            else:
                sys.stdout.write(_MORE)
    except ToolError as error:
        sys.stderr.write(f"webapp cost: {error}\n")
        return EXIT_USAGE
    return EXIT_DONE


def _own_traffic(options: argparse.Namespace) -> Traffic | None:
    if options.traffic is not None:
        return read_traffic(options.traffic)
    if options.requests_per_month is not None:
        return Traffic.monthly(options.requests_per_month)
    return None


def _named(analysis: CostAnalysis, name: str) -> Billed:
    everything = (*analysis.targets, *(each.option for each in analysis.options), *analysis.databases, *analysis.egress)
    for billed in everything:
        if billed.name == name:
            return billed
    raise UsageError(f"--terms {name!r} has no bill; choose one of: {', '.join(each.name for each in everything)}")


def _shown_traffic(analysis: CostAnalysis) -> Traffic:
    return analysis.own_traffic or Traffic.constant(JUDGED_RATE_RPS)


def _requests(text: str) -> Decimal:
    try:
        number = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 1 <= number <= _MOST_REQUESTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST_REQUESTS:,}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp cost",
        description="Price each target of a comparison on AWS, per month and per million requests, with the rates at "
        "which one becomes cheaper than another.",
        epilog="`webapp docs cost` has the formulas, the KEYs and the omitted costs. "
        "Exit codes: 0 done; 2 invalid input.",
    )
    parser.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN.json",
        help="a run that webapp compare saved; without it, everything is assumed",
    )
    parser.add_argument(
        "--region",
        default=DEFAULT_REGION,
        metavar="NAME",
        help=f"region of the prices (default: {DEFAULT_REGION}); all prices are known for: "
        f"{', '.join(complete_regions())}",
    )
    traffic = parser.add_mutually_exclusive_group()
    traffic.add_argument(
        "--traffic",
        type=Path,
        metavar="FILE",
        help="your own traffic: a CSV file with the header hour,requests and each hour of a day, a week or a month",
    )
    traffic.add_argument(
        "--requests-per-month", type=_requests, metavar="N", help="your own traffic, evenly distributed"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="[TARGET:]KEY=VALUE",
        help="a value that replaces the measured or assumed one (repeatable): duration_ms=80, "
        "aws_ecs/pool/direct:capacity_rps=120, price.nat_hour=0.05",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--details",
        action="store_true",
        help="add options (arm, SnapStart, provisioned concurrency, streams), databases, egress and instance classes",
    )
    output.add_argument(
        "--json", action="store_true", help="print everything as JSON, including every term of every bill"
    )
    output.add_argument("--terms", metavar="NAME", help="print one bill, term by term")
    return parser
