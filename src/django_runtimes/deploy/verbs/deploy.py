"""`webapp deploy`: deploys the checkout and tests the result."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import asdict

from django_runtimes.deploy.catalogue import PROCESS_STACKS
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.image_builder import find_builder
from django_runtimes.deploy.preflight.preflight import require_clear
from django_runtimes.deploy.steps.image_building import build, push, require_dockerfile
from django_runtimes.deploy.steps.refusals.validation import validate_parameters
from django_runtimes.deploy.steps.release import confirm, lay_foundation, preview, release
from django_runtimes.deploy.steps.stack import StackPlan
from django_runtimes.deploy.templates.template_source import differing_templates
from django_runtimes.deploy.verb import (
    EXIT_CODES,
    RESUMABLE,
    Result,
    add_consent,
    add_place,
    local_context_of,
    run,
    verb_parser,
)
from django_runtimes.deploy.verbs import init, policy
from django_runtimes.deploy.verbs.build import add_build_arguments

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def main(arguments: Sequence[str]) -> int:
    """Deploy; `--help` explains the exit code."""
    if arguments[:1] == ["init"]:
        # `webapp deploy init` is the longer name of `webapp init --deploy`.
        return init.main(arguments[1:])
    if arguments[:1] == [policy.POLICY]:
        return policy.main(arguments[1:])
    parser = verb_parser(
        "deploy",
        "Create missing stacks, build and push the image, migrate, shift the traffic, and test; roll back when the "
        "test fails. It can be interrupted at any moment and run again.",
        epilog=f"In this order: foundation, image, operations, database, traffic, test. `deploy policy` writes the "
        f"policies of the deploying role. {EXIT_CODES}",
    )
    add_place(parser)
    add_consent(parser)
    add_build_arguments(parser)
    parser.add_argument(
        "--image",
        type=image_digest,
        metavar="DIGEST",
        help="deploy this image (sha256:…) from the registry instead of building one",
    )
    add_allow(parser)
    return run(parser, arguments, _deploy, interrupted=RESUMABLE)


def add_allow(parser: argparse.ArgumentParser) -> None:
    """Add the option that overrules the migration gate."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="APP.MIGRATION",
        help="allow this migration although it may break the running version, repeatable",
    )


def image_digest(text: str) -> str:
    """Validate a digest from the command line."""
    if not _DIGEST.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a digest; write it as sha256: and 64 hexadecimal digits")
    return text


def place_content(context: Context) -> dict[str, str]:
    """Return the project, region, stage and target as JSON output."""
    return {
        "project": context.configuration.project,
        "region": context.aws.region,
        "stage": context.deployment.stage,
        "target": context.deployment.target,
    }


def say_templates(context: Context) -> None:
    """Report which templates are used, and which files of an ejected copy differ."""
    source = context.template_source
    context.progress.say(f"templates: {source}")
    edited, changed = differing_templates(source)
    if edited:
        context.progress.say(f"  edited in this project: {', '.join(edited)}")
    if changed:
        context.progress.say(f"  different in the installed library, {source.library}: {', '.join(changed)}")


def dry_run_result(context: Context, plans: Sequence[StackPlan]) -> Result:
    """Return the result of a dry run."""
    stacks = [asdict(plan) for plan in plans]
    return Result("nothing was changed", place_content(context) | {"dry_run": True, "stacks": stacks})


def _deploy(options: argparse.Namespace) -> Result:
    context = local_context_of(options)
    # Mistakes in webapp.toml are reported before AWS is asked; the other stacks may contain secrets of the stage.
    for stack in context.foundation:
        if stack.name not in PROCESS_STACKS:
            context.parameters(stack)
    context.refuse_other_account()
    context.progress.say(f"{context.place}: account {context.aws.account}, {context.aws.region}")
    say_templates(context)
    validate_parameters(context)
    # The build's prerequisites are checked before anything that costs money is created.
    builder = None if options.image else find_builder()
    if builder is None:
        context.images.require(options.image)
    else:
        require_dockerfile(context, options.build_argument)
    plans = lay_foundation(context, require_clear(context, options.build_argument).new_types)
    if context.consent.dry_run:
        if builder is not None:
            context.progress.say(f"{builder.name} would build the image for {context.architecture}, and push it")
        plans += preview(context, context.image_uri(options.image) if options.image else None)
        return dry_run_result(context, plans)
    context.progress.begin("image")
    if builder is None:
        image = context.image_uri(options.image)
    else:
        image = push(context, builder, build(context, builder, options.build_argument))
    released = release(confirm(context, image), image, verb="deploy", allowed=options.allow)
    return Result(f"{released.endpoint} has {released.image}", place_content(context) | released.content)
