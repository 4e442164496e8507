"""The options of the Locust file, and the plan that they make."""

import argparse
import os
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.deployed_service import is_deployed
from django_runtimes.compare.deployed.load_consent import ask_for_load
from django_runtimes.compare.deployed_options import add_deployed_options, with_capped_rates, with_deployed_targets
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.workload.reading import load_workload

_DEFAULT_RATE_RPS = 25.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to Locust's parser; only the master uses them.

    Locust sends all values to the workers, and its encoding has no paths.
    """
    parser.add_argument("--target", action="append", metavar="NAME=URL", help="a deployed target, repeatable")
    parser.add_argument("--workload", metavar="FILE", help="TOML file with the requests (`webapp docs workload`)")
    parser.add_argument("--rate", type=float, action="append", metavar="RPS", help="requests per second, repeatable")
    parser.add_argument("--blocks", type=int, default=30, help="pairs of blocks of each scenario (default: 30)")
    parser.add_argument("--block-s", type=float, default=1.0, help="duration of a block in seconds (default: 1)")
    parser.add_argument("--output", metavar="DIR", help="new folder for the report")
    add_deployed_options(parser)


def plan_of_options(options: argparse.Namespace) -> ComparisonPlan:
    """Return the plan of Locust's options; raise UsageError for unusable ones."""
    if options.workload is None:
        raise UsageError("--workload is missing; name the file with the requests")
    targets = options.target or []
    if not targets or not all(is_deployed(text) for text in targets):
        raise UsageError("Locust measures only deployed targets; name each as --target aws_lambda=https://…")
    if options.blocks < 1 or not 0 < options.block_s <= 60:
        raise UsageError("--blocks must be at least 1, and --block-s above 0 and up to 60")
    workload = load_workload(Path(options.workload), settings_module=os.environ.get("DJANGO_SETTINGS_MODULE") or "none")
    scenarios = workload.scenarios if options.allow_writes else ("read",)
    rates = tuple(dict.fromkeys(options.rate or (_DEFAULT_RATE_RPS,)))
    if any(not rate > 0 for rate in rates):
        raise UsageError("--rate must be above 0")
    plan = ComparisonPlan(
        workload,
        targets=(),
        budget_s=None,
        rates_rps=dict.fromkeys(scenarios, rates),
        pairs=options.blocks,
        block_s=options.block_s,
        bursts=0,
        cold_starts=0,
    )
    return with_capped_rates(with_deployed_targets(plan, options, os.environ))


def ask_for_blocks(plan: ComparisonPlan, *, yes: bool) -> None:
    """Ask before the plan's load goes to another machine; raise UsageError or ToolError without consent."""
    rates = [rate for rates in plan.rates_rps.values() for rate in rates]
    ask_for_load(
        plan.deployed,
        max_rate_rps=max(rates),
        requests=round(sum(rates) * (plan.pairs * plan.block_s + 1)),
        writes=plan.allows_writes and "write" in plan.workload.scenarios,
        yes=yes,
    )
