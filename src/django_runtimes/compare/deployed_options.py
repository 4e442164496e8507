"""The options of `webapp compare` for deployed targets."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec

from django_runtimes.cli.arguments import positive_number
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.deployed_service import is_deployed, read_services
from django_runtimes.compare.deployed.request_headers import with_headers
from django_runtimes.compare.deployed.watch_option import with_watched
from django_runtimes.compare.plan.comparison_plan import MAX_DEPLOYED_RATE_RPS, MAX_RATE_RPS, ComparisonPlan
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.server_variables import MEASUREMENT_KEY


def add_deployed_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's parser."""
    group = parser.add_argument_group("deployed targets")
    group.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="[TARGET=]NAME:VALUE",
        help="a header of every request, repeatable; '$NAME' in the value stands for a variable of the environment",
    )
    group.add_argument(
        "--cloudwatch",
        action="append",
        default=[],
        metavar="TARGET=KIND/NAME",
        help="take the cold starts of a function, or the connections of an instance or a cluster, from CloudWatch, as "
        "in aws_lambda=function/shop-web, repeatable",
    )
    group.add_argument("--allow-writes", action="store_true", help="also send the workload's writes, whose rows stay")
    group.add_argument(
        "--max-rate",
        type=positive_number(maximum=MAX_RATE_RPS),
        default=MAX_DEPLOYED_RATE_RPS,
        metavar="RPS",
        help=f"the highest number of requests per second to each deployed target (default: {MAX_DEPLOYED_RATE_RPS:g})",
    )
    group.add_argument("--yes", action="store_true", help="send the load to other machines without a question")


def with_deployed_targets(
    plan: ComparisonPlan, options: argparse.Namespace, environ: Mapping[str, str]
) -> ComparisonPlan:
    """Return the plan with the deployed targets of the command line; raise UsageError for unusable ones."""
    services = read_services([text for text in options.target or () if is_deployed(text)])
    if not services:
        _refuse_without_effect(options)
    services = with_watched(with_headers(services, options.header, environ), options.cloudwatch)
    if options.cloudwatch and find_spec("boto3") is None:
        raise UsageError("--cloudwatch needs boto3, of the extra [deploy]; install it, or leave out --cloudwatch")
    for name in {str(service.name) for service in services} & {str(name) for name in plan.targets}:
        raise UsageError(f"--target names {name!r} as emulated and as deployed; give the deployed one an option: +b")
    if services and not options.allow_writes and not plan.workload.harmless_requests:
        raise UsageError(
            "every request of the workload may change data, and a deployed target is only read; pass --allow-writes"
        )
    return replace(
        plan,
        deployed=services,
        allows_writes=options.allow_writes,
        max_rate_rps=options.max_rate,
        measurement_key=read_measurement_key(environ),
    )


def _refuse_without_effect(options: argparse.Namespace) -> None:
    if options.allow_writes or options.max_rate != MAX_DEPLOYED_RATE_RPS:
        option = "--allow-writes" if options.allow_writes else "--max-rate"
        raise UsageError(f"{option} affects only deployed targets; name one as --target aws_lambda=https://…")


def read_measurement_key(environ: Mapping[str, str]) -> str | None:
    """Return the key that asks services for measurements, None if it is not set; raise UsageError for a short one."""
    try:
        return Environment(environ)[MEASUREMENT_KEY]
    except ConfigurationError as error:
        raise UsageError(str(error)) from None


def with_capped_rates(plan: ComparisonPlan) -> ComparisonPlan:
    """Return the plan; raise UsageError for a rate above the highest one of deployed targets."""
    highest = max((rate for rates in plan.rates_rps.values() for rate in rates), default=0.0)
    if plan.deployed and highest > plan.max_rate_rps:
        raise UsageError(
            f"the rate of {highest:g} requests/s exceeds --max-rate, the limit of {plan.max_rate_rps:g} for deployed "
            f"targets; lower the rate with --rate, or pass --max-rate {highest:g}"
        )
    return plan
