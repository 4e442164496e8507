"""`webapp promote`: deploys one stage's image, by digest, to another stage."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import OPERATIONS
from django_runtimes.deploy.configuration import Deployment, choose_deployment
from django_runtimes.deploy.context import X86_64, Context
from django_runtimes.deploy.preflight.preflight import require_clear
from django_runtimes.deploy.steps.refusals.validation import validate_parameters
from django_runtimes.deploy.steps.release import confirm, lay_foundation, preview, release
from django_runtimes.deploy.templates.parameters import read_templates
from django_runtimes.deploy.verb import RESUMABLE, Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import add_allow, dry_run_result, place_content, say_templates


def main(arguments: Sequence[str]) -> int:
    """Promote; `--help` explains the exit code."""
    parser = verb_parser(
        "promote", "Deploy the image of --stage to the stage --to: the same digest, built and pushed once."
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--to", required=True, metavar="NAME", help="the stage that gets the image")
    add_allow(parser)
    return run(parser, arguments, _promote, interrupted=RESUMABLE)


def _promote(options: argparse.Namespace) -> Result:
    source = context_of(options)
    if source.deployment.stage == options.to:
        raise UsageError(
            f"--stage and --to are both '{options.to}'; name the stage with the image, and a different destination"
        )
    releases = source.history.read()
    if not releases:
        raise ToolError(f"{source.place} has had no release that passed its test; deploy there first")
    # The running image may belong to a deploy that is still being tested, so the newest release is taken.
    image = releases[-1].image
    context = _context_of_other(source, choose_deployment(source.configuration, options.to, options.target))
    context.images.require(releases[-1].digest)
    say_templates(context)
    context.progress.say(f"{context.place} gets {image}")
    plans = lay_foundation(context, require_clear(context).new_types)
    if context.consent.dry_run:
        return dry_run_result(context, plans + preview(context, image))
    released = release(confirm(context, image), image, verb="promote", allowed=options.allow)
    return Result(f"{released.endpoint} has {released.image}", place_content(context) | released.content)


def _context_of_other(source: Context, deployment: Deployment) -> Context:
    """Return the destination stage's context; raise UsageError if its parameters are invalid or unfit for the image."""
    context = replace(source, deployment=deployment, templates=read_templates(deployment, source.template_source))
    context.refuse_other_account()
    validate_parameters(context)
    # webapp.toml may have changed since the image was built, so the architecture is read from the source's stack.
    built_for = source.state(OPERATIONS).parameters.get("Architecture", X86_64)
    if built_for != context.architecture:
        raise UsageError(
            f"{source.deployment.stage} has an image for {built_for}, but {deployment.stage} runs on "
            f"{context.architecture}; give both stages the same Architecture, in [parameters]"
        )
    return context
