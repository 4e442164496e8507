"""`webapp init --eject`: copies the templates into the project."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from django_runtimes.cli.project.project import project_at
from django_runtimes.deploy.configuration import find_configuration
from django_runtimes.deploy.templates.ejection import check_ejection, eject
from django_runtimes.deploy.templates.template_source import FOLDER, library_templates
from django_runtimes.deploy.verb import EXIT_CODES, Result, run, verb_parser

EJECT = "--eject"


def main(arguments: Sequence[str]) -> int:
    """Copy the templates; `--help` explains the exit code."""
    parser = verb_parser(
        "init",
        f"Copy the library's templates to {FOLDER}/, which `webapp deploy` and the other verbs use from then "
        "on. Nothing is overwritten.",
        epilog=EXIT_CODES,
    )
    parser.add_argument(EJECT, action="store_true", required=True, help=f"copy the templates to {FOLDER}/")
    parser.add_argument("--yes", action="store_true", help="no effect: nothing is asked")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    return run(parser, arguments, _eject)


def _eject(options: argparse.Namespace) -> Result:
    configuration = find_configuration(Path.cwd())
    project = project_at(Path.cwd()).directory if configuration is None else configuration.parent
    if options.dry_run:
        check_ejection(project)
        return Result(
            f"{library_templates()} would be copied to {project / FOLDER}",
            {"directory": str(project / FOLDER), "dry_run": True},
        )
    directory = eject(project)
    return Result(
        f"{directory} now belongs to this project, and every verb uses it; delete it to return to the "
        "library's templates",
        {"directory": str(directory)},
    )
