"""`webapp open`: opens the deployed application in a browser."""

import argparse
import webbrowser
from collections.abc import Sequence

from django_runtimes.deploy.verb import Result, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import place_content


def main(arguments: Sequence[str]) -> int:
    """Open the application; `--help` explains the exit code."""
    parser = verb_parser("open", "Open the deployed application in a browser, and print its address.")
    add_place(parser)
    return run(parser, arguments, _open)


def _open(options: argparse.Namespace) -> Result:
    context = context_of(options)
    endpoint = context.endpoint()
    if not options.json:
        # Without a browser this does nothing, and the printed address is enough.
        webbrowser.open(endpoint)
    return Result(endpoint, place_content(context) | {"endpoint": endpoint})
