"""All verbs share their handling of JSON, signals, closed pipes and unexpected errors."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.profile_free

VERB = """
import os, signal, sys
from django_runtimes.deploy.verb import Result, run, show, verb_parser
parser = verb_parser("try", "A verb.")
parser.add_argument("words", nargs="*")
def work(options):
    {work}
sys.exit(run(parser, sys.argv[1:], work, interrupted="interrupted; begin again"))
"""


def verb(work: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a verb with this body to its end."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [sys.executable, "-c", VERB.format(work=work), *arguments], text=True, timeout=60, check=False, **streams
    )


def test_a_command_line_error_is_also_json():
    ended = verb("return Result()", "--json", "--nonsense")

    assert ended.returncode == 2
    message = "unrecognized arguments: --nonsense; see webapp try --help"
    assert json.loads(ended.stdout) == {"schema": 1, "verb": "try", "error": message}
    assert ended.stderr == f"webapp try: {message}\n"


def test_a_json_error_is_one_line_after_other_output():
    ended = verb("show('{}'); raise OSError('the disk is full')", "--json")

    assert [json.loads(line).get("error") for line in ended.stdout.splitlines()] == [None, "the disk is full"]


def test_arguments_after_two_dashes_are_not_options():
    ended = verb("return Result(' '.join(options.words), {})", "--", "dumpdata", "--json")

    assert ended.stdout == "dumpdata --json\n"


def test_an_unexpected_error_ends_with_one_line():
    ended = verb("raise KeyError('Endpoint')", "--json")

    line = "KeyError: 'Endpoint'; an internal error (a bug in webapp); please report the lines above"
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"] == line
    assert ended.stderr.startswith("Traceback")
    assert ended.stderr.splitlines()[-1] == f"webapp try: {line}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_verb_like_ctrl_c(number: signal.Signals):
    ended = verb(f"os.kill(os.getpid(), {number:d}); signal.pause()")

    assert (ended.returncode, ended.stderr) == (130, "webapp try: interrupted; begin again\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored_as_under_nohup(number: signal.Signals):
    def ignore() -> None:
        signal.signal(number, signal.SIG_IGN)

    ended = verb(f"os.kill(os.getpid(), {number:d}); return Result('done')", preexec_fn=ignore)

    assert (ended.returncode, ended.stdout) == (0, "done\n")


@pytest.fixture
def make_closed_pipe() -> Callable[[], int]:
    """Creates a pipe whose reader is closed."""

    def make() -> int:
        reader, writer = os.pipe()
        os.close(reader)
        return writer

    return make


def test_a_closed_pipe_does_not_change_the_exit_code(make_closed_pipe: Callable[[], int]):
    ended = verb("return Result('x' * 100_000, exit_code=3)", stdout=make_closed_pipe())

    assert (ended.returncode, ended.stderr) == (3, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_reported_in_one_line(unbuffered: str):
    with Path("/dev/full").open("w") as full:
        ended = verb("return Result('done')", stdout=full, env={**os.environ, "PYTHONUNBUFFERED": unbuffered})

    assert (ended.returncode, ended.stderr) == (1, "webapp try: [Errno 28] No space left on device\n")
