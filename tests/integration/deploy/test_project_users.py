"""The questions for a superuser follow the project's user model, validators and hashers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.operations.people import write_people
from tests.terminal import TerminalSession, answer_at_terminal

pytestmark = pytest.mark.profile_free

ASK = """
import argparse, json, sys
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.project_users import ProjectUsers

def say(text):
    sys.stderr.write(text + chr(10))

try:
    users = ProjectUsers()
    parser = argparse.ArgumentParser()
    users.add_options(parser)
    fields = users.ask_fields(parser.parse_args(), say)
    print(json.dumps({"fields": fields, "hash": str(users.ask_password(fields, say))}))
except UsageError as error:
    sys.exit(str(error))
"""


def environ(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "people.settings"}


def ask(folder: Path, answers: str, *options: str) -> TerminalSession:
    return answer_at_terminal([sys.executable, "-c", ASK, *options], answers, environ=environ(folder), directory=folder)


def ask_without_terminal(folder: Path, *options: str, **variables: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", ASK, *options],
        env=environ(folder) | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stderr.strip()


def test_answers_are_asked_again_until_the_validators_accept_them(tmp_path: Path):
    write_people(tmp_path, "strict", hasher="ScryptPasswordHasher")
    answers = [
        *("ada", "ada@example.org", "", "Ada L.", "core"),
        *("short", "short"),
        *("ada@example.org", "ada@example.org"),
        *("a long password", "another one"),
        *("   ", "   "),
        *("a long password", "a long password"),
    ]

    ended = ask(tmp_path, "".join(f"{answer}\n" for answer in answers))

    assert ended.exit_code == 0, ended.stderr
    shown = json.loads(ended.stdout)
    assert shown["fields"] == {"email": ["ada@example.org"], "full_name": ["Ada L."], "team": ["core"]}
    assert shown["hash"].startswith("scrypt$")
    for line in (
        "Email: Enter a valid email address.",
        "Full name: This field cannot be blank.",
        "Team (keys of people.Team): ",
        "This password is too short. It must contain at least 9 characters.",
        "The password is too similar to the email.",
        "the passwords differ; type them again",
        "the password is blank; type another one",
    ):
        assert line in ended.stderr
    assert "a long password" not in ended.stderr + ended.echo
    assert "ada@example.org" in ended.echo


def test_options_are_not_asked_for(tmp_path: Path):
    write_people(tmp_path, "standard")

    ended = ask(tmp_path, "a long password\n" * 2, "--username=ada", "--email=ada@example.org")

    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["fields"] == {"username": ["ada"], "email": ["ada@example.org"]}
    assert "Username" not in ended.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--username=a b", "--email=x@example.org"), "--username='a b' is not accepted: Enter a valid username."),
        (("--username=ada",), "cannot ask for the email address without a terminal; pass --email"),
        (
            ("--username=ada", "--email=x@example.org"),
            "cannot ask for the password without a terminal; run this at one, or add --no-password",
        ),
    ],
)
def test_a_missing_answer_needs_a_terminal(options: tuple[str, ...], expected: str, tmp_path: Path):
    write_people(tmp_path, "standard")

    assert ask_without_terminal(tmp_path, *options).startswith(expected)


def test_settings_that_do_not_load_are_named(tmp_path: Path):
    write_people(tmp_path, "standard")
    settings = tmp_path / "people" / "settings.py"
    settings.write_text('import os\nos.environ["API_KEY"]\n' + settings.read_text())

    assert ask_without_terminal(tmp_path) == (
        "the settings people.settings cannot be loaded here, which the user model and the password's hash need: "
        "KeyError: 'API_KEY'; set the variables that they read"
    )
    assert "no settings module is named" in ask_without_terminal(tmp_path, DJANGO_SETTINGS_MODULE="")
