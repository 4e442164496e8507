"""`webapp deploy init` and `webapp init --deploy`: write the file webapp.toml."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.project.tested_page import find_page_to_test
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.deploy.aws.account_lookup import account_at_hand
from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.configuration import DEFAULT_PAGE, DEFAULT_STAGE, FILE_NAME, parse_configuration
from django_runtimes.deploy.stage_settings import is_known_stage, production_key
from django_runtimes.deploy.templates.database_system import (
    DATABASE_SYSTEM,
    SYSTEM_OF_SCHEME,
    SYSTEMS,
    DatabaseSystem,
)
from django_runtimes.deploy.verb import EXIT_CODES, Result, VerbParser, add_consent, add_place, run, verb_parser
from django_runtimes.deploy.verbs import eject
from django_runtimes.deploy.zappa.converted_settings import ConvertedSettings, project_of
from django_runtimes.deploy.zappa.zappa_file import find_zappa_file, read_zappa_file

_ZAPPA = "zappa_settings.json, .toml, .yml or .yaml"
_DEFAULT_PROJECT = "webapp"
_DEFAULT_REGION = "us-east-1"
# A stage that is added by hand has 10.0, the template's default.
_FIRST_NETWORK = 1
_HEADER = """\
# The configuration of `webapp deploy` and the other verbs; `webapp docs deploy` describes every key.
"""
_NO_ACCOUNT = """\
# No account is named, since there were no valid credentials. With one, every verb refuses the credentials of another:
# account = "123456789012"
"""


@dataclass(frozen=True)
class PlannedFile:
    """The text of webapp.toml, its content, and remarks on the Zappa settings that it does not include."""

    text: str
    content: Mapping[str, Any]
    remarks: Sequence[str]


def main(arguments: Sequence[str]) -> int:
    """Write the file; `--help` explains the exit code."""
    if eject.EJECT in arguments:
        return eject.main(arguments)
    return run(_parser(), arguments, _init)


def plan_file(arguments: Sequence[str], *, page: str | None = None, database: str | None = None) -> PlannedFile:
    """Return the file for these arguments without writing it; raise UsageError for invalid arguments.

    `page` is a page that answers 200 to visitors, and `database` the project's own, as a scheme of
    DATABASE_URL, if they are known.
    """
    return _planned(_parser().parse_args(arguments), page, database)


def _parser() -> VerbParser:
    parser = verb_parser(
        "init",
        f"Write {FILE_NAME} into this folder, from the options, from {_ZAPPA} if there is one, and from your answers.",
        epilog=f"With {eject.EJECT} instead: copy the library's templates to deploy/. {EXIT_CODES}",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument("--project", metavar="NAME", help="the prefix of all names in AWS")
    parser.add_argument("--region", metavar="NAME", help="AWS's region, such as eu-central-1")
    parser.add_argument(
        "--page",
        metavar="PATH",
        help="the page tested after a deploy, besides /readyz (default: one of compare.toml, or /)",
    )
    parser.add_argument(
        "--zappa", type=Path, metavar="FILE", help=f"Zappa's settings (default: {_ZAPPA}, if it exists)"
    )
    return parser


def _init(options: argparse.Namespace) -> Result:
    path = Path.cwd() / FILE_NAME
    if path.exists() and not options.dry_run:
        raise UsageError(f"{FILE_NAME} exists already; edit it, or move it away first")
    planned = _planned(options, find_page_to_test(Path.cwd()))
    progress = Progress(sys.stderr)
    if planned.remarks:
        progress.say("please read before the first deploy:")
        for remark in planned.remarks:
            progress.say(f"  {remark}")
    if not options.dry_run:
        path.write_text(planned.text, encoding="utf-8")
    said = (
        planned.text if options.dry_run else f"{FILE_NAME} is written; `webapp deploy --dry-run` shows what it would do"
    )
    return Result(said, {"file": str(path), "content": planned.content, "not_taken_over": planned.remarks})


def _planned(options: argparse.Namespace, page: str | None, database: str | None = None) -> PlannedFile:
    zappa = _read_zappa(options.zappa, options.stage)
    project = options.project or zappa.project or _answer(options, "project", _project())
    region = options.region or zappa.region or _answer(options, "region", _region())
    target = options.target or (
        DeployTarget.AWS_LAMBDA if zappa.stages else _answer(options, "target", DeployTarget.AWS_LAMBDA)
    )
    tables = zappa.stages or _new_table(options.stage)
    remarks = [*zappa.remarks]
    if options.stage and production_key(options.stage) and not is_known_stage(options.stage) and not zappa.stages:
        remarks.append(f"{options.stage}: is protected as production; write production = false if its data may be lost")
    system = None if database is None else SYSTEM_OF_SCHEME.get(database)
    if system is not None:
        remarks.append(_about(system))
    elif database == Engine.DSQL.value:
        remarks.append("the settings name Aurora DSQL, of which no template creates a cluster (`webapp docs dsql`)")
    account = account_at_hand(region)
    content = {
        "project": project,
        "region": region,
        **({} if account is None else {"account": account}),
        "page": options.page or zappa.page or page or DEFAULT_PAGE,
        "stages": {
            name: _stage(str(target), table, address_prefix=f"10.{number}", system=system)
            for number, (name, table) in enumerate(tables.items(), start=_FIRST_NETWORK)
        },
    }
    # Invalid content raises an error here, before the file is written.
    parse_configuration(content, Path.cwd())
    header = _HEADER if account else _HEADER + _NO_ACCOUNT
    return PlannedFile(_checked(header + render_toml(content)), content, remarks)


def _new_table(stage: str | None) -> Mapping[str, Mapping[str, Any]]:
    """Return the table of the only stage, without its target."""
    return {DEFAULT_STAGE: {}} if stage is None else {stage: production_key(stage)}


def _about(system: DatabaseSystem) -> str:
    """Return what to decide about the system of the stages' databases before the first deploy."""
    others = [each.value for each in SYSTEMS.values() if each.engine is system.engine and each is not system]
    instead = f" ({' or '.join(others)} instead, if that is your server)" if others else ""
    return (
        f"{DATABASE_SYSTEM} is {system.value}, since the settings name {system.product}{instead}; it cannot change "
        "after the first deploy, and its logins are secrets, which need Egress = 'endpoints' or 'nat'"
    )


def _stage(
    target: str, table: Mapping[str, Any], *, address_prefix: str, system: DatabaseSystem | None
) -> dict[str, Any]:
    """Return a stage's table, with addresses of its own unless it has an existing network."""
    parameters = {
        **({} if "network" in table else {"AddressPrefix": address_prefix}),
        **({} if system is None else {DATABASE_SYSTEM: system.value}),
        **table.get("parameters", {}),
    }
    return {"target": target, **table, **({"parameters": parameters} if parameters else {})}


def render_toml(table: Mapping[str, Any], name: str = "") -> str:
    """Render the content as TOML, with values before tables."""
    lines = [f"{key} = {_literal(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    text = "".join(f"{line}\n" for line in lines)
    if name and lines:
        text = f"\n[{name}]\n{text}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            text += render_toml(value, f"{name}.{key}" if name else key)
    return text


def _literal(value: object) -> str:
    # TOML's strings are like JSON's, except that TOML allows neither \u escapes of surrogates nor a bare DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _checked(text: str) -> str:
    """Return the text; raise UsageError if an argument had bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text[: error.end].splitlines()[-1]
        raise UsageError(f"{line!r} ends with bytes that are not UTF-8; enter it in a UTF-8 terminal") from None
    return text


def _read_zappa(path: Path | None, stage: str | None) -> ConvertedSettings:
    path = path or find_zappa_file(Path.cwd())
    return ConvertedSettings() if path is None else read_zappa_file(path, stage)


def _answer(options: argparse.Namespace, name: str, default: str) -> str:
    """Return the user's answer, or the default with --yes; raise UsageError without a terminal."""
    if options.yes:
        return default
    if not sys.stdin.isatty():
        raise UsageError(f"cannot ask for the {name} without a terminal; give --{name}, or --yes for {default}")
    choices = f", one of {', '.join(DeployTarget)}" if name == "target" else ""
    sys.stderr.write(f"{name}{choices} [{default}]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or default


def _project() -> str:
    return project_of(Path.cwd().name) or _DEFAULT_PROJECT


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
