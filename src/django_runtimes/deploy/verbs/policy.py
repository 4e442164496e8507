"""`webapp deploy policy`: writes the policies that the deploying role needs."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from django_runtimes.deploy.deploying_role import read_policies
from django_runtimes.deploy.verb import Result, add_consent, add_place, context_of, run, verb_parser

POLICY = "policy"
_DIRECTORY = Path("deploying-role")


def main(arguments: Sequence[str]) -> int:
    """Write the policies; `--help` explains the exit code."""
    parser = verb_parser(
        f"deploy {POLICY}",
        "Write the IAM policies that the deploying role needs, for the project, region and account of webapp.toml, and "
        "print the commands that create them. Files of an earlier run are overwritten.",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument(
        "--directory", type=Path, default=_DIRECTORY, metavar="DIR", help=f"where to write (default: {_DIRECTORY}/)"
    )
    return run(parser, arguments, _write)


def _write(options: argparse.Namespace) -> Result:
    context = context_of(options)
    policies = read_policies(context)
    project = context.configuration.project
    files = {name: options.directory / f"{project}-{name}.json" for name in policies}
    commands = [
        f"aws iam create-policy --policy-name {project}-deploy-{name} --policy-document file://{path}"
        for name, path in files.items()
    ]
    if not options.dry_run:
        options.directory.mkdir(parents=True, exist_ok=True)
        for name, path in files.items():
            path.write_text(json.dumps(policies[name], indent=2) + "\n", encoding="utf-8")
    text = "\n".join(
        ["nothing was written; the commands would be:" if options.dry_run else "written; then run:", *commands]
    )
    return Result(text, {"files": [str(path) for path in files.values()], "commands": commands})
