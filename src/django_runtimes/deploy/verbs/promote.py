"""`webapp promote`: what one stage has, by its digest, to another stage."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import OPERATIONS
from django_runtimes.deploy.configuration import STAGES, Deployment, choose_deployment
from django_runtimes.deploy.context import X86_64, Context
from django_runtimes.deploy.steps.beforehand import check_beforehand
from django_runtimes.deploy.steps.release import agree, lay_foundation, preview, release
from django_runtimes.deploy.templates.parameters import read_templates
from django_runtimes.deploy.verb import GOES_ON, Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import add_allow, dry_run_result, place_content, say_templates


def main(arguments: Sequence[str]) -> int:
    """Promote; the exit code is in `--help`."""
    parser = verb_parser(
        "promote", "Deploy the image that --stage has to the stage --to: the same digest, built and pushed once."
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--to", required=True, choices=STAGES, metavar="NAME", help="the stage that gets the image")
    add_allow(parser)
    return run(parser, arguments, _promote, interrupted=GOES_ON)


def _promote(options: argparse.Namespace) -> Result:
    source = context_of(options)
    if source.deployment.stage == options.to:
        raise UsageError(
            f"--stage and --to are both '{options.to}'; name the stage that has the image, and the one to get it"
        )
    releases = source.history.read()
    if not releases:
        raise ToolError(f"{source.place} has had no release that passed its test; deploy there first")
    # Not what runs: that may be a deploy which is still being tested.
    image = releases[-1].image
    context = _context_of_other(source, choose_deployment(source.configuration, options.to, options.target))
    context.images.require(releases[-1].digest)
    say_templates(context)
    context.progress.say(f"{context.place} gets {image}")
    plans = lay_foundation(context)
    if context.consent.dry_run:
        return dry_run_result(context, plans + preview(context, image))
    released = release(agree(context, image), image, verb="promote", allowed=options.allow)
    return Result(f"{released.endpoint} has {released.image}", place_content(context) | released.content)


def _context_of_other(source: Context, deployment: Deployment) -> Context:
    """The destination stage's context; UsageError when its parameters are not right, or not for the image."""
    context = replace(source, deployment=deployment, templates=read_templates(deployment, source.template_source))
    check_beforehand(context)
    # Not by webapp.toml, which may have been changed since.
    built_for = source.state(OPERATIONS).parameters.get("Architecture", X86_64)
    if built_for != context.architecture:
        raise UsageError(
            f"{source.deployment.stage} has an image for {built_for}, and {deployment.stage} runs on "
            f"{context.architecture}; give both stages the same Architecture, in [parameters]"
        )
    return context
