"""`webapp compare`: measures the targets, prints a table and writes a report."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from django_runtimes.cli.arguments import OneLineParser, positive_number
from django_runtimes.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.literal_console import literal_console
from django_runtimes.cli.progress import Progress
from django_runtimes.cli.project.project import find_project, project_at
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.analysis.summary import THOROUGH_BUDGET_S
from django_runtimes.compare.claims.claims_command import add_claim_options, asks_for_claims, test_claims
from django_runtimes.compare.compare_error import show_output
from django_runtimes.compare.deployed.load_consent import ask_for_load
from django_runtimes.compare.deployed_options import add_deployed_options, with_capped_rates, with_deployed_targets
from django_runtimes.compare.gate.gate_condition import parse_conditions
from django_runtimes.compare.gate.gate_judge import gate_exit_code, judge
from django_runtimes.compare.gate.gate_option import GATE_EXIT_CODES, add_fail_if, write_outcomes
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.gate.judged_run import JudgedRun
from django_runtimes.compare.plan.comparison_plan import (
    BURSTS,
    MAX_RATE_RPS,
    ComparisonPlan,
    quick_plan,
    thorough_plan,
)
from django_runtimes.compare.plan.saved_rates import saved_rates
from django_runtimes.compare.recommendation.stated_limits import (
    MAX_LIMIT_MS,
    MAX_LIMIT_USD,
    MAX_REQUESTS,
    StatedLimits,
)
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.terminal import print_report
from django_runtimes.compare.run.comparison import run_comparison
from django_runtimes.compare.run.expected_load import expected_requests
from django_runtimes.compare.run.output import choose_directory, publish
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.target_options import add_target_options, emulated_targets
from django_runtimes.compare.targets.memory_sizes import with_memory_sizes
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Workload

# In less than a minute no ratio gets enough blocks.
_MIN_BUDGET_S, _MAX_BUDGET_S = 60.0, 4 * 3_600.0


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; the exit code says whether every target was measured (see `--help`)."""
    options = parser().parse_args(arguments)
    treat_termination_as_interruption()
    try:
        if asks_for_claims(options):
            return test_claims(options, parser().parse_args([]))
        plan = plan_of(options)
        conditions = parse_conditions(
            options.fail_if,
            targets=[*map(str, plan.targets), *(str(service.name) for service in plan.deployed)],
            scenarios=(*plan.workload.scenarios, *BURSTS),
        )
        ask_for_load(
            plan.deployed,
            max_rate_rps=plan.max_rate_rps,
            requests=expected_requests(plan),
            writes=plan.allows_writes and "write" in plan.workload.scenarios,
            yes=options.yes,
        )
        directory = choose_directory(options.output, project_at(Path.cwd()).directory)
        # If this process is killed, the next run removes the logs.
        with run_directory(account=None) as kept:
            with Progress(sys.stderr) as progress:
                run = run_comparison(plan, progress, kept_logs=kept)
            outcomes = judge(conditions, [JudgedRun(run)])
            content = publish(run, directory, kept, outcomes=outcomes)
        if options.json:
            sys.stdout.write(run.to_json())
        else:
            print_report(run, literal_console(), content)
        sys.stderr.write(f"report: {directory / 'report.html'}\n")
        # Standard output has nothing but JSON.
        write_outcomes(outcomes, sys.stderr if options.json else sys.stdout)
    except UsageError as error:
        return _fail(error, EXIT_USAGE)
    except ToolError as error:
        return _fail(error, EXIT_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("webapp compare: interrupted before anything was measured; nothing was saved\n")
        return EXIT_INTERRUPTED
    return exit_code(run, outcomes)


def exit_code(run: Run, outcomes: Sequence[GateOutcome]) -> int:
    """Return the exit code of a run whose conditions have these outcomes."""
    if run.environment["interrupted"]:
        return EXIT_INTERRUPTED
    if any(target.status == "failed" for target in run.targets):
        return EXIT_FAILED
    return gate_exit_code(outcomes)


def _fail(error: ToolError, exit_code: int) -> int:
    show_output(error)
    sys.stderr.write(f"webapp compare: {error}\n")
    return exit_code


def plan_of(options: argparse.Namespace) -> ComparisonPlan:
    """Return the plan for these options; raise UsageError for an unusable one."""
    workload = _workload(options.workload)
    plan = replace(
        _timed_plan(options, workload),
        database_url=options.database_url,
        image=options.image,
        limits=_limits(options),
    )
    plan = replace(plan, targets=emulated_targets(options))
    if options.memory:
        plan = replace(plan, targets=with_memory_sizes(plan.targets, options.memory))
    if options.balanced_weight is not None:
        if all(name.memory_mb is None for name in plan.targets):
            raise UsageError("--balanced-weight chooses between memory sizes; add them with --memory 512,1024,1769")
        plan = replace(plan, balanced_weight=options.balanced_weight)
    plan = with_deployed_targets(plan, options, os.environ)
    if options.rate:
        rates_rps = tuple(dict.fromkeys(options.rate))
        plan = replace(plan, rates_rps=dict.fromkeys(workload.scenarios, rates_rps))
    elif options.rates_from is not None:
        plan = replace(plan, rates_rps=saved_rates(options.rates_from, workload.scenarios))
    return with_capped_rates(plan)


def _limits(options: argparse.Namespace) -> StatedLimits:
    if options.quick and options.max_usd_per_month is not None:
        raise UsageError(
            f"--max-usd-per-month {options.max_usd_per_month:g} needs an A/A pair with enough blocks to be judged, "
            "which --quick does not measure; leave one of the two out"
        )
    if options.quick and options.max_p99_ms is not None:
        raise UsageError(
            f"--max-p99-ms {options.max_p99_ms:g} needs 368 samples per scenario, which --quick does not measure; "
            "leave one of the two out"
        )
    return StatedLimits(options.max_p99_ms, options.max_usd_per_month, options.requests_per_month)


def _timed_plan(options: argparse.Namespace, workload: Workload) -> ComparisonPlan:
    if options.quick:
        return quick_plan(workload)
    if options.budget >= THOROUGH_BUDGET_S:
        return thorough_plan(workload, options.budget)
    return ComparisonPlan(workload, budget_s=options.budget)


def _budget(text: str) -> float:
    """Read a duration such as 5m or 300s, in s."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text.strip())
    budget_s = float(match[1]) * {"s": 1, "m": 60, "h": 3_600}[match[2]] if match else 0.0
    if not _MIN_BUDGET_S <= budget_s <= _MAX_BUDGET_S:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration from {_MIN_BUDGET_S:g}s to {_MAX_BUDGET_S / 3_600:g}h; write it as 5m or 300s"
        )
    return budget_s


def _workload(path: Path | None) -> Workload:
    if path is None:
        project = find_project(Path.cwd())
        path = None if project is None else project.workload
    if path is None:
        raise UsageError(
            "no workload is named; pass its file as --workload, or set workload in [tool.webapp] of pyproject.toml"
        )
    return load_workload(path, settings_module=os.environ.get("DJANGO_SETTINGS_MODULE"))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = OneLineParser(
        prog="webapp compare",
        description="Measure one Django codebase under several targets on real servers, and report the results.",
        epilog="Exit codes: 0 every target was measured; 1 one failed, the others are reported; 2 bad arguments. "
        f"With --fail-if also: {GATE_EXIT_CODES}.",
    )
    add_target_options(parser)
    add_deployed_options(parser)
    parser.add_argument(
        "--image",
        metavar="NAME",
        help="measure this image with podman or docker, with CPU and memory limits, instead of this checkout",
    )
    parser.add_argument(
        "--workload",
        type=Path,
        metavar="FILE",
        help="TOML file with the application, its requests, logins and the query for its rows; see "
        "`webapp docs workload` (default: workload in [tool.webapp] of pyproject.toml)",
    )
    duration = parser.add_mutually_exclusive_group()
    duration.add_argument(
        "--quick",
        action="store_true",
        help="a preview in about a minute, at most two after the start-up, too short for verdicts",
    )
    duration.add_argument(
        "--budget",
        type=_budget,
        default="5m",
        metavar="TIME",
        help="the time that the run may take, such as 5m (default), with medians at 50 %% of the weakest target's "
        "capacity; from 10m on, 10, 50 and 80 %%, and each p99 for which it is long enough",
    )
    rates = parser.add_mutually_exclusive_group()
    rates.add_argument(
        "--rate",
        type=positive_number(maximum=MAX_RATE_RPS),
        action="append",
        metavar="RPS",
        help="requests per second, repeatable, instead of searching each target's capacity",
    )
    rates.add_argument(
        "--rates-from", type=Path, metavar="RUN.JSON", help="the rates of a saved run, instead of searching"
    )
    parser.add_argument(
        "--max-p99-ms",
        type=positive_number(maximum=MAX_LIMIT_MS),
        metavar="N",
        help="recommend only targets whose p99 is at most this, in every steady scenario",
    )
    parser.add_argument(
        "--max-usd-per-month",
        type=positive_number(maximum=MAX_LIMIT_USD),
        metavar="N",
        help="recommend only targets that cost at most this on AWS, without the database",
    )
    parser.add_argument(
        "--requests-per-month",
        type=positive_number(maximum=MAX_REQUESTS),
        metavar="N",
        help="the traffic at which costs are judged (default: 10 requests per second, 26,280,000 per month)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="new folder for the report (default: reports/DATE-TIME, "
        "or compare-reports/DATE-TIME if reports is a package of the project)",
    )
    add_fail_if(parser)
    parser.add_argument("--json", action="store_true", help="print run.json to standard output instead of the table")
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="a PostgreSQL server to use instead of the embedded one; its role must be allowed to create databases",
    )
    add_claim_options(parser)
    return parser
