"""Questions are asked at a terminal."""

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.profile_free

ASK = """
from django_runtimes.deploy.consent import Consent
from django_runtimes.cli.tool_error import ToolError
try:
    Consent(yes=False, dry_run=False).ask("Delete it?")
except ToolError as error:
    print(type(error).__name__, error)
else:
    print("agreed")
"""


def run_at_terminal(argv: list[str], text: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a process at a terminal, and type the text."""
    terminal, standard_input = pty.openpty()
    try:
        os.write(terminal, text.encode())
        return subprocess.run(
            argv, cwd=directory, stdin=standard_input, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        os.close(terminal)
        os.close(standard_input)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y\n", "agreed"),
        ("YES\n", "agreed"),
        ("n\n", "ToolError declined; nothing more was changed"),
        ("\n", "ToolError declined; nothing more was changed"),
    ],
)
def test_only_yes_is_consent(text: str, expected: str, tmp_path: Path):
    ended = run_at_terminal([sys.executable, "-c", ASK], text, tmp_path)

    assert ended.stderr == "Delete it? [y/N] "
    assert ended.stdout.strip() == expected


def test_without_a_terminal_the_question_is_an_error(tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.stdout.strip() == "UsageError Delete it? Standard input is not a terminal; add --yes"


def test_init_asks_for_missing_options(tmp_path: Path):
    ended = run_at_terminal([sys.executable, "-m", "webapp", "deploy", "init"], "shop\neu-west-1\n\n", tmp_path)

    assert ended.returncode == 0, ended.stderr
    content = tomllib.loads((tmp_path / "webapp.toml").read_text())
    assert (content["project"], content["region"]) == ("shop", "eu-west-1")
    assert content["stages"] == {"dev": {"target": "aws_lambda", "parameters": {"AddressPrefix": "10.1"}}}
