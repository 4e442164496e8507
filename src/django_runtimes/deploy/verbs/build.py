"""`webapp build`: builds the image on this machine."""

import argparse
from collections.abc import Sequence

from django_runtimes.deploy.image_builder import find_builder
from django_runtimes.deploy.steps.image_building import build, local_reference, require_dockerfile
from django_runtimes.deploy.verb import Result, add_place, local_context_of, run, verb_parser


def main(arguments: Sequence[str]) -> int:
    """Build the image; `--help` explains the exit code."""
    parser = verb_parser("build", "Build the image from the Dockerfile, as `webapp deploy` does before pushing it.")
    add_place(parser)
    add_build_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    return run(parser, arguments, _build)


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the option that passes arguments to the builder."""
    parser.add_argument(
        "--build-argument",
        action="append",
        default=[],
        metavar="WORD",
        help="an argument for docker's or podman's `build`, repeatable: --build-argument=--build-arg=BASE_IMAGE=…",
    )


def _build(options: argparse.Namespace) -> Result:
    context = local_context_of(options)
    builder = find_builder()
    require_dockerfile(context, options.build_argument)
    reference = local_reference(context)
    if options.dry_run:
        return Result(f"{builder.name} would build {reference} for {context.architecture}", {"reference": reference})
    image_id = build(context, builder, options.build_argument)
    return Result(f"{reference} is {image_id}", {"reference": reference, "id": image_id})
