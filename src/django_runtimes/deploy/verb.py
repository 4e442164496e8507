"""The basis of all verbs: common options, one-line errors, exit codes and JSON output."""

import argparse
import itertools
import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.interruption import interrupt_unless_ignored
from django_runtimes.cli.progress import Progress
from django_runtimes.cli.standard_output import discard_output
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context, open_context

EXIT_CODES = "Exit codes: 0 done; 1 failed, with the reason; 2 bad arguments or webapp.toml; 130 interrupted."
# The message of verbs that can be repeated, since they read their progress from AWS.
RESUMABLE = "interrupted; AWS finishes the operation in progress, and the same command continues from there"

# The version of the JSON output's format; increase it with each incompatible change.
_SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """A verb's result: `text` for people, `content` for programs; both are empty if all output is printed already."""

    text: str = ""
    content: Mapping[str, Any] | None = None
    exit_code: int = 0


class VerbParser(OneLineParser):
    """The parser of a verb's command line; it reports errors as the verb does, on one line or as JSON."""

    def __init__(self, verb: str, description: str, epilog: str) -> None:
        # If the rest of the command line is invalid, only an unabbreviated --json can be recognized.
        super().__init__(prog=f"webapp {verb}", description=description, epilog=epilog, allow_abbrev=False)
        self.verb = verb
        self.add_argument("--json", action="store_true", help="print JSON to standard output")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message}; see {self.prog} --help")


def verb_parser(verb: str, description: str, *, epilog: str = EXIT_CODES) -> VerbParser:
    """Return a parser with the options of all verbs."""
    return VerbParser(verb, description, epilog)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the options --stage and --target."""
    parser.add_argument(
        "--stage",
        metavar="NAME",
        help=f"a stage of {FILE_NAME} (default: the only one, or dev)",
    )
    parser.add_argument(
        "--target",
        choices=[str(target) for target in DeployTarget],
        metavar="NAME",
        help=f"{', '.join(DeployTarget)} (default: the stage's own in {FILE_NAME})",
    )


def add_consent(parser: argparse.ArgumentParser) -> None:
    """Add the options of verbs that change something."""
    parser.add_argument("--yes", action="store_true", help="answer yes to all questions")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")


def context_of(options: argparse.Namespace) -> Context:
    """Return the context of a verb that has the options of `add_place`, and of `add_consent` if it changes anything.

    Raise UsageError, before anything else is asked or done, if the credentials are for another account than the stage.
    """
    context = local_context_of(options)
    context.refuse_other_account()
    return context


def local_context_of(options: argparse.Namespace) -> Context:
    """Return the context of a verb that does not use AWS."""
    consent = Consent(yes=getattr(options, "yes", False), dry_run=getattr(options, "dry_run", False))
    return open_context(
        Path.cwd(), stage=options.stage, target=options.target, consent=consent, progress=Progress(sys.stderr)
    )


def run(
    parser: VerbParser,
    arguments: Sequence[str],
    work: Callable[[argparse.Namespace], Result],
    *,
    interrupted: str = "interrupted",
) -> int:
    """Do the work, print its result or error, and return the exit code; `interrupted` is the message after Ctrl-C."""
    interrupt_unless_ignored()
    as_json = "--json" in itertools.takewhile(lambda word: word != "--", arguments)
    try:
        result = work(parser.parse_args(arguments))
        if as_json and result.content is not None:
            show(json.dumps({"schema": _SCHEMA, "verb": parser.verb, **result.content}, indent=2))
        elif result.text:
            show(result.text.rstrip())
    except UsageError as error:
        failed = str(error), EXIT_USAGE
    except ToolError as error:
        failed = str(error), EXIT_FAILED
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        failed = explain_error(error), EXIT_FAILED
    except KeyboardInterrupt:
        failed = interrupted, EXIT_INTERRUPTED
    except OSError as error:
        # The disk may be full, for example, or a folder may not be writable.
        failed = str(error), EXIT_FAILED
    except Exception as error:
        # This is a bug, and a report of it needs the traceback.
        traceback.print_exc()
        failed = (
            f"{type(error).__name__}: {error}; an internal error (a bug in webapp); please report the lines above",
            EXIT_FAILED,
        )
    else:
        return result.exit_code
    return _fail(parser, *failed, as_json=as_json)


def show(text: str) -> bool:
    """Print to standard output; return False once the pipe is closed, as by `| head`.

    Raises OSError if the disk is full; the rest of the output is discarded.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        discard_output()
        if isinstance(error, BrokenPipeError):
            return False
        raise
    return True


def _fail(parser: VerbParser, text: str, exit_code: int, *, as_json: bool) -> int:
    line = " ".join(text.split())
    if as_json:
        # The error is on one line, since `logs` prints one object per line.
        show(json.dumps({"schema": _SCHEMA, "verb": parser.verb, "error": line}))
    sys.stderr.write(f"{parser.prog}: {line}\n")
    return exit_code
