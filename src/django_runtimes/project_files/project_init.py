"""`webapp init`: adopts the project in this folder, or undoes the adoption."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.interruption import interrupt_unless_ignored
from django_runtimes.cli.project.tested_page import page_to_test
from django_runtimes.cli.standard_output import discard_output
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.configuration import FILE_NAME as CONFIGURATION_FILE
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.zappa.zappa_file import find_zappa_file
from django_runtimes.extras import how_to_install, install_command, is_installed, missing_package
from django_runtimes.project_files.adoption import WORKLOAD, Adoption, plan_adoption
from django_runtimes.project_files.changes.difference import render_difference
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.changes.writing import undo_adoption, write
from django_runtimes.project_files.dependencies.library import installed_library
from django_runtimes.project_files.dependencies.listing import Manager
from django_runtimes.project_files.reading.folder import find_folder, recorded_folder
from django_runtimes.project_files.reading.layout import NoProjectError

_EJECT = "--eject"
_COMPARE, _DEPLOY = "compare", "deploy"
_RUNNERS = {Manager.UV: "uv run ", Manager.POETRY: "poetry run ", Manager.PIPENV: "pipenv run "}
_LOCK_COMMANDS = {Manager.UV: "uv lock", Manager.POETRY: "poetry lock", Manager.PIPENV: "pipenv lock"}


def main(arguments: Sequence[str]) -> int:
    """Adopt, show or undo; `--help` explains the exit code."""
    if _EJECT in arguments:
        return _eject(arguments)
    interrupt_unless_ignored()
    try:
        options, others = _parser().parse_known_args(arguments)
        _require_undo(options)
        return _undo(options, others) if options.undo else _adopt(options, others)
    except UsageError as error:
        return _fail(str(error), EXIT_USAGE)
    except ToolError as error:
        return _fail(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing is changed", EXIT_INTERRUPTED)
    except OSError as error:
        if error.filename is None:
            # Standard output is a full disk or a closed pipe.
            discard_output()
        return _fail(f"{error}; nothing is changed", EXIT_FAILED)


def _require_undo(options: argparse.Namespace) -> None:
    if options.keep_edited and not options.undo:
        raise UsageError("--keep-edited is an option of --undo; add --undo, or remove it")


def _eject(arguments: Sequence[str]) -> int:
    try:
        from django_runtimes.deploy.verbs import eject
    except ModuleNotFoundError as error:
        return _fail(missing_package(_EJECT, error.name, _DEPLOY), EXIT_USAGE)
    return eject.main(arguments)


def _adopt(options: argparse.Namespace, others: list[str]) -> int:
    directory = _enter(find_folder(Path.cwd()))
    zappa = find_zappa_file(directory)
    adoption: Adoption | None = None
    try:
        adoption = plan_adoption(directory, installed_library(), settings=options.settings)
        plan = adoption.plan
    except NoProjectError as error:
        if zappa is None:
            raise
        # Zappa's settings may be in a separate folder or repository, without the project.
        plan = FilePlan(directory)
        plan.remarks.append(f"{zappa.name} is converted to {CONFIGURATION_FILE}, but no project is adopted: {error}")
    if options.deploy or zappa is not None:
        _plan_deploy(plan, options, others, adoption)
    elif others:
        raise UsageError(f"{others[0]!r} is not an option of webapp init; see webapp init --help")
    _show(plan)
    if not plan.changes:
        _say("nothing to change: this project is adopted" if adoption is not None else "nothing to change")
        return EXIT_DONE
    if options.dry_run:
        return EXIT_DONE
    Consent(yes=options.yes, dry_run=False).ask(f"Write {_files(plan)}?")
    write(plan)
    _say(f"written: {_files(plan)}; webapp init --undo restores the former state")
    if adoption is not None:
        for line in (
            *_driver_commands(adoption),
            *_next_commands(adoption, directory),
            *_developers_commands(adoption),
        ):
            _say(line)
    return EXIT_DONE


def _enter(directory: Path) -> Path:
    """Change to the project's folder, and report it unless it is the current one."""
    if directory != Path.cwd():
        os.chdir(directory)
        _say(f"the project is in {directory}")
    return directory


def _plan_deploy(plan: FilePlan, options: argparse.Namespace, others: list[str], adoption: Adoption | None) -> None:
    """Plan webapp.toml, which the deploy verbs render."""
    try:
        from django_runtimes.deploy.verbs.init import plan_file
    except ModuleNotFoundError as error:
        raise UsageError(missing_package(CONFIGURATION_FILE, error.name, _DEPLOY)) from None
    path = plan.root / CONFIGURATION_FILE
    if plan.has_file(path):
        plan.already.append(f"{CONFIGURATION_FILE} exists, and is not changed")
        return
    page = page_to_test(plan.read(plan.root / WORKLOAD) or b"", WORKLOAD)
    database = None if adoption is None else adoption.inspection.default_database
    planned = plan_file([*others, *(["--yes"] if options.yes or options.dry_run else [])], page=page, database=database)
    plan.write(path, planned.text.encode())
    plan.remarks += [f"{CONFIGURATION_FILE}: {remark}" for remark in planned.remarks]


def _show(plan: FilePlan) -> None:
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    for change in plan.changes:
        sys.stdout.write(render_difference(change, plan.root, coloured=coloured))
    sys.stdout.flush()
    for line in plan.already:
        _say(f"already there: {line}")
    for line in plan.remarks:
        _say(f"note: {line}")


def _files(plan: FilePlan) -> str:
    return "1 file" if len(plan.changes) == 1 else f"{len(plan.changes)} files"


def _next_commands(adoption: Adoption, directory: Path) -> list[str]:
    """Return the next commands to run in the project's folder."""
    layout, dependencies = adoption.layout, adoption.dependencies
    paths = [change.path for change in adoption.plan.changes]
    # A lock file contains the wheel's hash, so a new wheel changes it too.
    is_changed = any(path == dependencies.file.resolve() or path.suffix == ".whl" for path in paths)
    runner = _RUNNERS.get(dependencies.manager, "")
    if not is_changed or not dependencies.is_locked:
        first = f"WEBAPP_RUNTIME=aws_lambda {runner}webapp check --explain", "lists what Lambda changes or refuses"
    elif dependencies.lock is not None:
        first = _LOCK_COMMANDS[dependencies.manager], f"adds the new line to {dependencies.lock.name}"
    else:
        first = _compile_command(adoption)
    compare = f"{runner}webapp compare", "runs the project under every runtime, and compares the results"
    commands = [first, compare]
    if adoption.plan.exists(adoption.plan.root / CONFIGURATION_FILE):
        commands.append((f"{runner}webapp doctor aws", "checks what `webapp deploy` needs, and changes nothing"))
    width = max(len(command) for command, _ in commands)
    where = f" in {layout.root.relative_to(directory)}" if layout.root != directory else ""
    return [f"next{where}:", *(f"  {command:<{width}}  {purpose}" for command, purpose in commands)]


def _compile_command(adoption: Adoption) -> tuple[str, str]:
    """Return the command that compiles the requirements, and its purpose."""
    plan, source, requirements = adoption.plan, adoption.dependencies.file, adoption.dependencies.requirements
    if requirements is None:
        return f"pip-compile {plan.name(source)}", "adds the new line to the compiled file"
    compiled = next((file for file in requirements.all() if file.asks_for("django")), requirements)
    command = compiled.compilation.command if compiled.compilation is not None else None
    output = "" if compiled.path == source.with_suffix(".txt") else f" -o {plan.name(compiled.path)}"
    return command or f"pip-compile {plan.name(source)}{output}", f"adds the new line to {plan.name(compiled.path)}"


def _driver_commands(adoption: Adoption) -> list[str]:
    """Return the command that installs the drivers which the project needs from now on; empty if they are installed."""
    missing = [extra for extra in adoption.driver_extras if not is_installed(extra)]
    if not missing:
        return []
    names = " and ".join(f"[{extra}]" for extra in missing)
    return [f"not installed here, the extra {names}:", f"  {install_command(*missing) or how_to_install(*missing)}"]


def _developers_commands(adoption: Adoption) -> list[str]:
    """Return the command that installs the extras for the next commands; empty if they are installed.

    Only developers need these extras, so the image does not contain them.
    """
    extras = [_COMPARE, *([_DEPLOY] if adoption.plan.exists(adoption.plan.root / CONFIGURATION_FILE) else [])]
    missing = [extra for extra in extras if not is_installed(extra)]
    if not missing:
        return []
    names = " and ".join(f"[{extra}]" for extra in missing)
    return [f"for developers only, the extra {names}:", f"  {install_command(*missing) or how_to_install(*missing)}"]


def _undo(options: argparse.Namespace, others: list[str]) -> int:
    named = ["--settings"] if options.settings is not None else []
    given = [*others, *named, *(["--deploy"] if options.deploy else [])]
    if given:
        raise UsageError(f"--undo only restores files, so it cannot be combined with {given[0]}; remove one of them")
    if options.dry_run:
        raise UsageError("--undo restores files, but --dry-run writes nothing; remove one of them")
    undone = undo_adoption(_enter(recorded_folder(Path.cwd())), keeps_edited=options.keep_edited)
    for path in undone.restored:
        _say(f"restored: {path}")
    for path in undone.kept:
        _say(f"not changed: {path}")
    _say(
        "everything else is as it was before webapp init"
        if undone.kept
        else "the project is as it was before webapp init"
    )
    return EXIT_DONE


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="webapp init",
        description="Adopt the Django project in this folder: two lines of settings, one dependency, [tool.webapp], a "
        "Dockerfile, .dockerignore and compare.toml. Shows the changes and asks before it writes.",
        epilog="Exit codes: 0 done; 1 declined or failed; 2 bad arguments, or a project that cannot be adopted; "
        "130 interrupted. With --deploy, the options of `webapp deploy init` are accepted too.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--settings", metavar="MODULE", help="the settings module (default: the one that wsgi.py names)"
    )
    parser.add_argument("--yes", action="store_true", help="answer yes to all questions")
    parser.add_argument("--dry-run", action="store_true", help="show the changes, and write nothing")
    parser.add_argument("--undo", action="store_true", help="restore every file to its former state")
    parser.add_argument(
        "--keep-edited",
        action="store_true",
        help="with --undo: do not restore files that were edited since, and list them",
    )
    parser.add_argument("--deploy", action="store_true", help="write webapp.toml as well (implied by Zappa's settings)")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _fail(text: str, exit_code: int) -> int:
    _say(f"webapp init: {' '.join(text.split())}")
    return exit_code
