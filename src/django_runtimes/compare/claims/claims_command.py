"""The options of `webapp compare` that test claims instead of comparing targets."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED
from django_runtimes.cli.progress import Progress
from django_runtimes.cli.project.project import project_at
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.claims.claim_list import CLAIMS, claims_named, expected_duration_s
from django_runtimes.compare.claims.claim_project import ClaimProject
from django_runtimes.compare.claims.claim_terminal import claim_lines
from django_runtimes.compare.claims.claims_run import duration_text, run_claims
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.run.output import choose_directory, publish

_ALL, _LIST = "all", "list"
# The scenarios have loads and servers of their own, so the other options have no effect.
_USED = frozenset({"claims", "claim", "output", "json"})


def add_claim_options(parser: argparse.ArgumentParser) -> None:
    """Add --claims and --claim to the parser of `webapp compare`."""
    group = parser.add_argument_group("claims, instead of a comparison (`webapp docs claims`)")
    group.add_argument(
        "--claims",
        nargs="?",
        const=_ALL,
        metavar="list",
        help=f"test {len(CLAIMS)} claims about connections and starts, each with a verdict, in about "
        f"{duration_text(expected_duration_s(CLAIMS))}; `--claims list` only lists them",
    )
    group.add_argument("--claim", action="append", metavar="NAME", help="test this claim only; repeatable")


def asks_for_claims(options: argparse.Namespace) -> bool:
    """Return whether the command line asks for claims instead of a comparison."""
    return options.claims is not None or bool(options.claim)


def test_claims(options: argparse.Namespace, defaults: argparse.Namespace) -> int:
    """List or test the claims of a command line; return the exit code, or raise ToolError.

    `defaults` are the options of an empty command line, by which options without effect are found.
    """
    _require_alone(options, defaults)
    if options.claims == _LIST:
        sys.stdout.writelines(f"{line}\n" for line in _listing())
        return EXIT_DONE
    claims = claims_named(options.claim) if options.claim else CLAIMS
    project = ClaimProject.at(Path.cwd())
    directory = choose_directory(options.output, project_at(Path.cwd()).directory)
    with Progress(sys.stderr) as progress:
        run = run_claims(claims, progress, project)
    if not run.claims:
        sys.stderr.write("webapp compare: interrupted before a claim was tested; nothing was saved\n")
        return EXIT_INTERRUPTED
    publish(run, directory)
    sys.stdout.writelines([run.to_json()] if options.json else (f"{line}\n" for line in claim_lines(run)))
    sys.stderr.write(f"report: {directory / 'report.html'}\n")
    return _exit_code(run)


def _require_alone(options: argparse.Namespace, defaults: argparse.Namespace) -> None:
    if options.claims not in {None, _ALL, _LIST}:
        raise UsageError(
            f"--claims {options.claims!r} is neither empty nor {_LIST!r}; test one claim with --claim {options.claims}"
        )
    if options.claims is not None and options.claim:
        raise UsageError("--claims tests every claim and --claim only some; use one of them")
    for name, value in vars(options).items():
        if name not in _USED and value != getattr(defaults, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} has no effect on claims, which start servers of their own; omit {option}")


def _listing() -> Iterator[str]:
    for claim in CLAIMS:
        yield f"{claim.name} (about {claim.expected_s:g} s): {claim.sentence}"


def _exit_code(run: Run) -> int:
    if run.environment["interrupted"]:
        return EXIT_INTERRUPTED
    return EXIT_FAILED if any(result.error for result in run.claims) else EXIT_DONE
