"""`webapp logs`: prints the application's logs."""

import argparse
import contextlib
import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.logs.log_events import LogEvent, follow_groups, log_groups, read_group
from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.verb import Result, add_place, context_of, run, show, verb_parser

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# CloudWatch's longest retention period.
_LONGEST_AGE_S = 3653 * 86400
# The last part of each target's log group name, as in logs.yaml.
_GROUPS = {DeployTarget.AWS_LAMBDA: "lambda", DeployTarget.AWS_ECS: "ecs", DeployTarget.AWS_ECS_EXPRESS: "express"}
_WEB, _OPERATIONS = "web", "operations"


def main(arguments: Sequence[str]) -> int:
    """Print the logs; `--help` explains the exit code."""
    parser = verb_parser("logs", "Print the application's logs. With --json each line is a separate object.")
    add_place(parser)
    parser.add_argument("--follow", action="store_true", help="keep printing new lines until Ctrl-C")
    parser.add_argument(
        "--since", type=_age_s, default=600, metavar="AGE", help="such as 30s, 10m, 2h, 1d (default: 10m)"
    )
    parser.add_argument(
        "--of",
        choices=(_WEB, _OPERATIONS),
        default=_WEB,
        help="the logs of requests or of management commands (default: web)",
    )
    return run(parser, arguments, _logs)


def _logs(options: argparse.Namespace) -> Result:
    context = context_of(options)
    groups = _groups(context, options.of)
    if not groups:
        raise ToolError(f"{context.place} has no logs in {context.aws.region}; deploy it, or check stage and target")
    since_ms = round((time.time() - options.since) * 1000)
    if options.follow:
        # Ctrl-C is the normal way to end `--follow`.
        with contextlib.suppress(KeyboardInterrupt):
            _print(follow_groups(context.aws, groups, since_ms=since_ms), as_json=options.json)
        return Result()
    found = [event for group in groups for _, event in read_group(context.aws, group, since_ms=since_ms)]
    if not found:
        context.progress.say("nothing was written in that time; look further back with --since, as in --since 1d")
    _print(sorted(found, key=lambda event: event.time_ms), as_json=options.json)
    return Result()


def _print(events: Iterable[LogEvent], *, as_json: bool) -> None:
    for event in events:
        moment = datetime.fromtimestamp(event.time_ms / 1000, UTC)
        if not show(json.dumps(asdict(event)) if as_json else f"{moment:%Y-%m-%dT%H:%M:%S}Z {event.text}"):
            return


def _groups(context: Context, of: str) -> list[str]:
    project, stage = context.configuration.project, context.deployment.stage
    if of == _OPERATIONS:
        return log_groups(context.aws, f"/{project}/{stage}/operations/")
    if context.deployment.target is DeployTarget.AWS_APP_RUNNER:
        # AWS names these groups, with the service's identifier in the middle.
        found = log_groups(context.aws, f"/aws/apprunner/{project}-{stage}/")
        return [group for group in found if group.endswith("/application")]
    return log_groups(context.aws, f"/{project}/{stage}/web/{_GROUPS[context.deployment.target]}")


def _age_s(text: str) -> int:
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    age_s = int(match[1]) * _UNITS_S[match[2]] if match is not None else None
    if age_s is None or age_s > _LONGEST_AGE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not an age up to 3653d; write it as 30s, 10m, 2h or 1d")
    return age_s
