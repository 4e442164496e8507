"""`webapp rollback`: an image that a stage had before."""

import argparse
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.history import one_back
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.going_back import go_back
from django_runtimes.deploy.steps.release import Released, test
from django_runtimes.deploy.verb import GOES_ON, Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import image_digest, place_content


def main(arguments: Sequence[str]) -> int:
    """Go back; the exit code is in `--help`."""
    parser = verb_parser(
        "rollback",
        "Give the traffic to the image before the one that runs, at once. The database stays as it is: the migration "
        "gate has seen to it that the former version can use it.",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--to", type=image_digest, metavar="DIGEST", help="a certain image, sha256:…")
    return run(parser, arguments, _rollback, interrupted=GOES_ON)


def _rollback(options: argparse.Namespace) -> Result:
    context = context_of(options)
    running = context.running_image()
    if running is None:
        raise ToolError(f"{context.place} is not deployed in {context.aws.region}; there is nothing to go back from")
    image = context.image_uri(options.to) if options.to else _before(context, running)
    context.images.require(image.rpartition("@")[2])
    context.progress.say(f"{context.place} goes back from {running} to {image}")
    if context.consent.dry_run:
        return Result("nothing was changed", place_content(context) | {"image": image, "dry_run": True})
    context.consent.ask("Go back?")
    go_back(context, image)
    released = Released(image, test(context, image))
    context.history.add(image, "rollback")
    return Result(f"{released.endpoint} has {image}", place_content(context) | released.content)


def _before(context: Context, running: str) -> str:
    image = one_back(context.history.read(), running)
    if image is None:
        raise ToolError(
            f"{context.place} had no image before {running}; name one by --to, of {', '.join(context.images.newest())}"
        )
    return image
