"""A full disk ends each command with one line, and a closed pipe without one."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pytest

pytestmark = pytest.mark.profile_free

COMMANDS = {
    "--help": "webapp",
    "version": "webapp",
    "check --help": "webapp",
    "check": "webapp",
    "cost": "webapp cost",
    "cost --json": "webapp cost",
}


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def environment(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The user's environment, with and without a buffer for standard output."""
    return {**os.environ, "PYTHONUNBUFFERED": request.param}


def webapp(command: str, environment: Mapping[str, str], output: IO[str] | int) -> subprocess.CompletedProcess[str]:
    """Run the command with this standard output."""
    return subprocess.run(
        [sys.executable, "-m", "django_runtimes", *command.split()],
        env=environment,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_reported_in_one_line(command: str, environment: Mapping[str, str]):
    with Path("/dev/full").open("w") as full:
        ended = webapp(command, environment, full)

    line = f"{COMMANDS[command]}: [Errno 28] No space left on device"
    assert (ended.returncode, ended.stderr.splitlines()[-1:]) == (1, [line])
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize("command", ["--help", "version", "cost --json"])
def test_a_closed_pipe_is_no_error(command: str, environment: Mapping[str, str]):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = webapp(command, environment, writer)
    finally:
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_exit_code_of_a_failed_command_stays(environment: Mapping[str, str]):
    with Path("/dev/full").open("w") as full:
        ended = webapp("cost missing.json", environment, full)

    assert ended.returncode == 2
