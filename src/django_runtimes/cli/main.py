"""The `webapp` command: Django's command line with additional verbs."""

import importlib
import os
import sys
from pathlib import Path

from django_runtimes.cli.exit_codes import EXIT_CONFIGURATION, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.project.project import NO_SETTINGS, find_project
from django_runtimes.cli.stage_commands import STAGE_COMMANDS, is_for_stage
from django_runtimes.cli.standard_output import written_completely
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret_files import load_secret_files

# Verbs that run without loading Django's settings: the module of each, and the extra that it needs.
TOOLS: dict[str, tuple[str, str | None]] = {
    "compare": ("django_runtimes.compare.compare", "compare"),
    "cost": ("django_runtimes.compare.cost.cost", "compare"),
    "pinlint": ("django_runtimes.pinning.pinlint", None),
    "report": ("django_runtimes.compare.saved_runs.saved_report", "compare"),
    "serve": ("django_runtimes.compare.serve", "compare"),
    "test": ("django_runtimes.compare.test", "compare"),
    "docs": ("django_runtimes.cli.documentation", None),
    "doctor": ("django_runtimes.doctor.doctor", None),
    "init": ("django_runtimes.project_files.project_init", None),
    **{
        verb: (f"django_runtimes.deploy.verbs.{verb}", "deploy")
        for verb in (
            "build",
            "deploy",
            "status",
            "logs",
            "manage",
            "promote",
            "rollback",
            "secrets",
            "destroy",
            "open",
        )
    },
}

# No extra contains the test runner, since the project installs the version that its tests need.
_TEST_RUNNER = "pytest"

# Commands that change or judge the schema or roles; they bypass any proxy and use the operations login.
_OPERATIONS = (
    "create_administrator",
    "create_web_role",
    "createcachetable",
    "migrate",
    "migration_gate",
    "set_role_timeouts",
)

_OVERVIEW = """\
webapp compare    run this application under every runtime and report the results side by side
webapp report     analyse saved runs again, compare them, and fail if a figure crosses a limit
webapp cost       price the targets of a comparison on AWS, and find when one becomes cheaper than another
webapp serve      serve this application at http://127.0.0.1:8000 on an embedded PostgreSQL
webapp test       run the project's own tests under the profile of each runtime
webapp pinlint    run the tests and list what would pin RDS Proxy or what the Data API would refuse
webapp doctor     check the variables, the database and its connection budget
webapp init       adopt a Django project: settings, dependency, Dockerfile, workload (--undo reverts it)
webapp deploy     build, push, migrate, shift the traffic, test, and roll back when the test fails
                  related: build, status, logs, manage, createsuperuser, promote, rollback, secrets, destroy, open;
                  each has --help
webapp docs       print a page of the documentation; `webapp docs settings` describes the variables
webapp COMMAND    any Django command, such as migrate

"""


def main() -> None:
    """Run a verb, or a command of Django, and exit with its code."""
    arguments = sys.argv[1:]
    with written_completely(" ".join(["webapp", *[name for name in arguments[:1] if name in TOOLS]])):
        _main(arguments)


def _main(arguments: list[str]) -> None:
    try:
        # --undo needs only the record, and may have to repair a broken pyproject.toml.
        project = None if arguments[:1] == ["init"] and "--undo" in arguments else find_project(Path.cwd())
    except UsageError as error:
        sys.stderr.write(f"webapp: {error}\n")
        raise SystemExit(EXIT_USAGE) from None
    if project is not None:
        project.enter(os.environ)
    try:
        load_secret_files(os.environ)
    except ConfigurationError as error:
        for text in (str(error), *error.others):
            sys.stderr.write(f"webapp: {text}\n")
        raise SystemExit(EXIT_CONFIGURATION) from None
    if arguments[:1] in (["help"], ["--help"], ["-h"]) and len(arguments) > 1:
        # Django supports only the first of these forms, and no verbs.
        _, topic, *others = arguments
        arguments = [topic, "--help"] if topic in TOOLS else ["help", *([] if topic == "help" else [topic]), *others]
    asks_for_help = arguments in ([], ["help"], ["--help"], ["-h"])
    if asks_for_help:
        sys.stdout.write(_OVERVIEW)
    if arguments in (["version"], ["--version"]):
        from importlib.metadata import version

        sys.stdout.write(f"webapp {version('django-runtimes')}, Django {version('django')}\n")
        return
    if arguments and (arguments[0] in TOOLS or is_for_stage(arguments, os.environ, Path.cwd())):
        try:
            raise SystemExit(_run_tool(arguments[0], arguments[1:]))
        except KeyboardInterrupt:
            # Ctrl-C can come while the verb is still being imported.
            raise SystemExit(EXIT_INTERRUPTED) from None
    if arguments and arguments[0] in _OPERATIONS:
        from django_runtimes.config.values.choices import Role
        from django_runtimes.config.variables.database.database_login import DB_ROLE

        os.environ[DB_ROLE.name] = Role.OPERATIONS.value
    _run_command(arguments, asks_for_help=asks_for_help)


def _run_command(arguments: list[str], *, asks_for_help: bool) -> None:
    """Run a command of Django or of the project's apps; exit with 78 if the configuration is invalid."""
    from django.core.exceptions import ImproperlyConfigured

    from django_runtimes.cli.command_line import CommandLine

    command_line = CommandLine(["webapp", *arguments], verbs=[*TOOLS, *_OPERATIONS])
    try:
        if arguments[:1] == ["check"]:
            from django_runtimes.cli.check import before_check

            command_line.argv = ["webapp", *before_check(arguments)]
        command_line.execute()
    except ImproperlyConfigured as error:
        text = _engine_complaint(error) if os.environ.get("DJANGO_SETTINGS_MODULE") else NO_SETTINGS
        if not text:
            raise
        sys.stderr.write(f"webapp: {text}\n")
        raise SystemExit(EXIT_CONFIGURATION) from None
    except ModuleNotFoundError as error:
        from django_runtimes.cli.project.settings_check import settings_not_found

        text = settings_not_found(os.environ.get("DJANGO_SETTINGS_MODULE", ""), error.name)
        # If the project's own code imports a missing module, the traceback shows where.
        if not text:
            raise
        sys.stderr.write(f"webapp: {text}\n")
        raise SystemExit(EXIT_CONFIGURATION) from None
    except ConfigurationError as error:
        if asks_for_help:
            return
        if arguments[:1] != ["check"]:
            command_line.refuse_unknown()
        others = error.others if arguments[:1] == ["check"] else ()
        for text in (str(error), *others):
            sys.stderr.write(f"webapp: {text}\n")
        raise SystemExit(EXIT_CONFIGURATION) from None


def _engine_complaint(raised: Exception) -> str:
    """Return an error about a database engine that is not installed or finds no libpq, or an empty string."""
    from importlib.util import find_spec

    from django.conf import settings

    if not settings.configured:
        return ""
    if "psycopg" in str(raised):
        from django_runtimes.config.database_url.libpq import require_libpq

        try:
            require_libpq()
        except ConfigurationError as error:
            return str(error)
    for alias, database in settings.DATABASES.items():
        engine = str(database.get("ENGINE") or "")
        try:
            is_found = not engine or find_spec(f"{engine}.base") is not None
        except (ModuleNotFoundError, ValueError):
            is_found = False
        if not is_found:
            return (
                f"DATABASES[{alias!r}] has the engine {engine!r}, which is not installed; "
                "install its package, or correct the name"
            )
    return ""


def _run_tool(verb: str, arguments: list[str]) -> int:
    module_name, extra = {**STAGE_COMMANDS, **TOOLS}[verb]
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            sys.stderr.write(f"webapp {verb} is not part of this image; run it where the project is developed\n")
            return EXIT_USAGE
        if error.name is None or error.name.partition(".")[0] == "django_runtimes":
            raise
        if error.name == _TEST_RUNNER:
            sys.stderr.write(
                f"webapp {verb} needs {_TEST_RUNNER}, which runs the project's tests; "
                f"run: {sys.executable} -m pip install pytest pytest-django\n"
            )
            return EXIT_USAGE
        if extra is None:
            raise
        from django_runtimes.extras import missing_package

        sys.stderr.write(f"{missing_package(f'webapp {verb}', error.name, extra)}\n")
        return EXIT_USAGE
    exit_code: int = module.main(arguments)
    return exit_code
