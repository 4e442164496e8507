"""`webapp status`: shows the existing stacks, and the image that receives the traffic."""

import argparse
from collections.abc import Sequence
from datetime import UTC

from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.catalogue import STACKS, endpoint_stack
from django_runtimes.deploy.context import with_scheme
from django_runtimes.deploy.verb import Result, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import place_content

_SHOWN_RELEASES = 5


def main(arguments: Sequence[str]) -> int:
    """Show the status; `--help` explains the exit code."""
    parser = verb_parser("status", "Show a stage's stacks, its running image, its address and its earlier images.")
    add_place(parser)
    return run(parser, arguments, _status)


def _status(options: argparse.Namespace) -> Result:
    context = context_of(options)
    states = {stack.name: context.state(stack) for stack in STACKS}
    running = states[context.runtime.name].parameters.get("ImageUri")
    given = states[endpoint_stack(context.deployment.target).name].outputs.get("Endpoint")
    endpoint = None if given is None else with_scheme(given)
    releases = context.history.read()[::-1]
    lines = [
        f"{context.place}, {context.aws.region}",
        f"address  {endpoint or 'none'}",
        f"image    {running or 'none'}",
    ]
    lines += ["", "stacks"]
    lines += [
        f"  {state.name:<40} {state.status}" for state in states.values() if state.readiness is not Readiness.ABSENT
    ]
    lines += ["", "releases, newest first"]
    lines += [
        f"  {release.time.astimezone(UTC):%Y-%m-%dT%H:%MZ} {release.verb:<8} {release.digest} "
        f"{release.user.rpartition('/')[2]}".rstrip()
        for release in releases[:_SHOWN_RELEASES]
    ]
    content = place_content(context) | {
        "endpoint": endpoint,
        "image": running,
        "stacks": {state.name: state.status for state in states.values() if state.readiness is not Readiness.ABSENT},
        "releases": [
            {"image": release.image, "verb": release.verb, "time": release.time.isoformat(), "user": release.user}
            for release in releases
        ],
    }
    return Result("\n".join(lines), content)
