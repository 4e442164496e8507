"""What all verbs have in common: options, one-line errors, exit codes, JSON."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from webapp.arguments import OneLineParser
from webapp.deploy.aws import explain
from webapp.deploy.catalogue import Target
from webapp.deploy.configuration import FILE_NAME, STAGES
from webapp.deploy.consent import Consent
from webapp.deploy.context import Context, open_context
from webapp.deploy.errors import DeployError, UsageError
from webapp.deploy.progress import Progress

EXIT_CODES = "Exit codes: 0 done; 1 failed, with the reason; 2 bad arguments or webapp.toml; 130 interrupted."

_EXIT_FAILED = 1
_EXIT_USAGE = 2
# What a shell reports for a command that Ctrl-C ended.
_EXIT_INTERRUPTED = 130
# What a program that reads the JSON may rely on; raised when something of it changes.
_SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """What a verb came to: `text` for people, `content` for programs; neither where all is printed already."""

    text: str = ""
    content: Mapping[str, Any] | None = None
    exit_code: int = 0


def verb_parser(verb: str, description: str, *, epilog: str = EXIT_CODES) -> OneLineParser:
    """A parser with the options that every verb has."""
    parser = OneLineParser(prog=f"webapp {verb}", description=description, epilog=epilog)
    parser.add_argument("--json", action="store_true", help="print JSON to standard output")
    return parser


def add_place(parser: argparse.ArgumentParser) -> None:
    """The options that say what is worked on."""
    parser.add_argument(
        "--stage",
        choices=STAGES,
        metavar="NAME",
        help=f"{', '.join(STAGES)} (default: the only one of {FILE_NAME}, or dev)",
    )
    parser.add_argument(
        "--target",
        choices=[str(target) for target in Target],
        metavar="NAME",
        help=f"{', '.join(Target)} (default: the stage's own in {FILE_NAME})",
    )


def add_consent(parser: argparse.ArgumentParser) -> None:
    """The options of verbs that change something."""
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def context_of(options: argparse.Namespace) -> Context:
    """The context of a verb with `add_place`, and with `add_consent` where it changes something."""
    consent = Consent(yes=getattr(options, "yes", False), dry_run=getattr(options, "dry_run", False))
    return open_context(
        Path.cwd(), stage=options.stage, target=options.target, consent=consent, progress=Progress(sys.stderr)
    )


def run(verb: str, options: argparse.Namespace, work: Callable[[argparse.Namespace], Result]) -> int:
    """Do the work, print its result or its error, and return the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        result = work(options)
    except UsageError as error:
        return _fail(verb, options, str(error), _EXIT_USAGE)
    except DeployError as error:
        return _fail(verb, options, str(error), _EXIT_FAILED)
    except (BotoCoreError, ClientError) as error:
        return _fail(verb, options, explain(error), _EXIT_FAILED)
    except ResponseParserError as error:
        # A proxy on the way, mostly.
        text = f"what came back is not AWS's: {error}; check the network between, and AWS_ENDPOINT_URL"
        return _fail(verb, options, text, _EXIT_FAILED)
    except KeyboardInterrupt:
        text = f"interrupted; what AWS has begun it goes on with, and `webapp {verb}` again goes on from there"
        return _fail(verb, options, text, _EXIT_INTERRUPTED)
    if options.json and result.content is not None:
        sys.stdout.write(json.dumps({"schema": _SCHEMA, "verb": verb, **result.content}, indent=2) + "\n")
    elif result.text:
        sys.stdout.write(f"{result.text.rstrip()}\n")
    return result.exit_code


def _fail(verb: str, options: argparse.Namespace, text: str, exit_code: int) -> int:
    line = " ".join(text.split())
    if options.json:
        sys.stdout.write(json.dumps({"schema": _SCHEMA, "verb": verb, "error": line}, indent=2) + "\n")
    sys.stderr.write(f"webapp {verb}: {line}\n")
    return exit_code


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
