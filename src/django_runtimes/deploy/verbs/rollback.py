"""`webapp rollback`: returns a stage to an earlier image."""

import argparse
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.history import previous_image
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.image_protection import protect_image
from django_runtimes.deploy.steps.release import Released, test
from django_runtimes.deploy.steps.rolling_back import roll_back
from django_runtimes.deploy.verb import RESUMABLE, Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import image_digest, place_content


def main(arguments: Sequence[str]) -> int:
    """Roll back; `--help` explains the exit code."""
    parser = verb_parser(
        "rollback",
        "Shift all traffic to the previous image at once. The database is not changed: the migration "
        "gate has made sure that the previous version can use it.",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--to", type=image_digest, metavar="DIGEST", help="roll back to this image, sha256:…")
    return run(parser, arguments, _rollback, interrupted=RESUMABLE)


def _rollback(options: argparse.Namespace) -> Result:
    context = context_of(options)
    running = context.running_image()
    if running is None:
        raise ToolError(f"{context.place} is not deployed in {context.aws.region}; there is nothing to roll back")
    image = context.image_uri(options.to) if options.to else _before(context, running)
    context.images.require(image.rpartition("@")[2])
    context.progress.say(f"{context.place} rolls back from {running} to {image}")
    if context.consent.dry_run:
        return Result("nothing was changed", place_content(context) | {"image": image, "dry_run": True})
    context.consent.ask("Roll back?")
    protect_image(context, image)
    roll_back(context, image)
    released = Released(image, test(context, image))
    context.history.add(image, "rollback")
    return Result(f"{released.endpoint} has {image}", place_content(context) | released.content)


def _before(context: Context, running: str) -> str:
    image = previous_image(context.history.read(), running)
    if image is None:
        raise ToolError(
            f"{context.place} had no image before {running}; name one with --to: {', '.join(context.images.newest())}"
        )
    return image
