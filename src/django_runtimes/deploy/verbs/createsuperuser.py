"""`webapp createsuperuser`: creates a superuser in the database of a deployed stage."""

import argparse
from collections.abc import Sequence
from typing import Any

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.functions import run_in_function
from django_runtimes.deploy.catalogue import OPERATIONS
from django_runtimes.deploy.project_users import ProjectUsers
from django_runtimes.deploy.verb import EXIT_CODES, Result, VerbParser, add_place, context_of, run
from django_runtimes.deploy.verbs.deploy import place_content

_COMMAND = "create_administrator"
_SHOWN_LINES = 5
_INTERRUPTED = "interrupted; if the command had started, the user may exist: `webapp logs --of operations` shows it"


class _SuperuserParser(VerbParser):
    """A parser whose options depend on the project's user model, which it loads before it parses."""

    users: ProjectUsers | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.users is None:
            self.users = ProjectUsers()
            self.users.add_options(self)
        return super().parse_known_args(args, namespace)


def main(arguments: Sequence[str]) -> int:
    """Create the superuser; `--help` explains the exit code."""
    parser = _SuperuserParser(
        "createsuperuser",
        "Create a superuser of a deployed stage. The password is typed here, checked by the project's validators and "
        "hashed with its first hasher; only the hash leaves this machine.",
        f"With DATABASE_URL, --noinput or --database this is Django's own command. {EXIT_CODES}",
    )
    add_place(parser)
    parser.add_argument("--dry-run", action="store_true", help="ask for nothing, and do nothing")
    parser.add_argument(
        "--no-password", action="store_true", help="create a user that no password can log in, for single sign-on"
    )

    def create(options: argparse.Namespace) -> Result:
        assert parser.users is not None  # noqa: S101  (the options are parsed)
        return _create(options, parser.users)

    return run(parser, arguments, create, interrupted=_INTERRUPTED)


def _create(options: argparse.Namespace, users: ProjectUsers) -> Result:
    context = context_of(options)
    function_name = context.output(OPERATIONS, "FunctionName")
    say = context.progress.say
    say(f"superuser of {context.place}: account {context.aws.account}, {context.aws.region}")
    if options.dry_run:
        return Result(f"{function_name} would create it; nothing was changed", place_content(context))
    fields = users.ask_fields(options, say)
    command = [_COMMAND, *(["--no-password"] if options.no_password else []), "--"]
    command += [f"--{name}={text}" for name, texts in fields.items() for text in texts]
    # The hash goes through standard input: arguments are visible to tools that report errors.
    given = "" if options.no_password else users.ask_password(fields, say)
    outcome = run_in_function(context.aws, context.progress, function_name, command, given=given)
    if outcome.exit_code != 0:
        lines = [line.strip() for line in outcome.output.splitlines() if line.strip()][-_SHOWN_LINES:]
        raise ToolError(f"`{_COMMAND}` ended with exit code {outcome.exit_code}: {' | '.join(lines)}; correct it there")
    name = fields[users.model.USERNAME_FIELD][0]
    password = "without a password" if options.no_password else "with the password"
    return Result(
        f"{name} is a superuser of {context.place}, {password}",
        place_content(context) | {"user": name, "has_password": not options.no_password},
    )
