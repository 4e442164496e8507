"""`webapp promote`: what one stage has, by its digest, to another stage."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from webapp.deploy.command import Result, add_consent, add_place, context_of, run, verb_parser
from webapp.deploy.configuration import STAGES, choose_deployment
from webapp.deploy.errors import DeployError, UsageError
from webapp.deploy.steps.release import agree, lay_foundation, preview, release
from webapp.deploy.verbs.deploy import add_allow, place_content


def main(arguments: Sequence[str]) -> int:
    """Promote; the exit code is in `--help`."""
    parser = verb_parser(
        "promote", "Deploy the image that --stage has to the stage --to: the same digest, built and pushed once."
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--to", required=True, choices=STAGES, metavar="NAME", help="the stage that gets the image")
    add_allow(parser)
    return run("promote", parser.parse_args(arguments), _promote)


def _promote(options: argparse.Namespace) -> Result:
    source = context_of(options)
    if source.deployment.stage == options.to:
        raise UsageError(
            f"--stage and --to are both '{options.to}'; name the stage that has the image, and the one to get it"
        )
    releases = source.history.read()
    if not releases:
        raise DeployError(f"{source.place} has had no release that passed its test; deploy there first")
    # Not what runs: that may be a deploy which is still being tested.
    image = releases[-1].image
    deployment = choose_deployment(source.configuration, options.to, options.target)
    context = replace(source, deployment=deployment)
    context.images.require(releases[-1].digest)
    context.progress.say(f"{context.place} gets {image}")
    lay_foundation(context)
    if context.consent.dry_run:
        preview(context, image)
        return Result("nothing was changed", place_content(context) | {"dry_run": True})
    released = release(agree(context, image), image, verb="promote", allowed=options.allow)
    return Result(f"{released.endpoint} has {released.image}", place_content(context) | released.content)
