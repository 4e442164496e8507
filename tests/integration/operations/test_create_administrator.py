"""`webapp create_administrator` creates superusers of any user model from the hash of a password."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from django_runtimes.compare.services.database_creation import create_database
from tests.integration.operations.people import write_people
from tests.terminal import answer_at_terminal

pytestmark = pytest.mark.profile_free

HASH = "pbkdf2_sha256$1000000$saltsaltsalt$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g="
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(server, tmp_path: Path) -> Run:
    """Runs a command of a project, with a standard input."""

    def command(*words: str, given: str = "", exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch", *words],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "people.settings",
                "WEBAPP_RUNTIME": "local",
                "DATABASE_URL": server.url(tmp_path.name),
            },
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == exit_code, ended.stdout + ended.stderr
        assert HASH not in ended.stdout + ended.stderr
        return ended

    create_database(server, tmp_path.name)
    return command


def rows(server, tmp_path: Path, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.url(tmp_path.name)) as connection:
        return connection.execute(query).fetchall()


def migrated(run: Run, tmp_path: Path, model: str) -> None:
    write_people(tmp_path, model)
    run("migrate", "--run-syncdb", "--verbosity=0")


STANDARD = ("--", "--username=ada", "--email=ada@example.org")
USERS = "SELECT username, email, password, is_superuser FROM auth_user"


def test_the_standard_user_gets_the_hash(run: Run, server, tmp_path: Path):
    migrated(run, tmp_path, "standard")

    ended = run("create_administrator", *STANDARD, given=f"{HASH}\n")

    assert ended.stdout == "Superuser created successfully.\n"
    assert rows(server, tmp_path, USERS) == [("ada", "ada@example.org", HASH, True)]


def test_no_password_can_log_in_a_user_without_one(run: Run, server, tmp_path: Path):
    migrated(run, tmp_path, "standard")

    run("create_administrator", "--no-password", *STANDARD)

    ((_, _, password, is_superuser),) = rows(server, tmp_path, USERS)
    assert password.startswith("!")
    assert is_superuser


@pytest.mark.parametrize("words", [("--no-password",), ()])
def test_a_strict_manager_creates_its_user(words: tuple[str, ...], run: Run, server, tmp_path: Path):
    migrated(run, tmp_path, "strict")
    with psycopg.connect(server.url(tmp_path.name)) as connection:
        connection.execute("INSERT INTO people_team (name) VALUES ('core')")

    run(
        "create_administrator", *words, "--", "--email=Ada@EXAMPLE.org", "--full_name=Ada L.", "--team=core", given=HASH
    )

    ((email, name, team, password),) = rows(
        server, tmp_path, "SELECT email, full_name, team_id, password FROM people_person"
    )
    assert (email, name, team) == ("Ada@example.org", "Ada L.", "core")
    assert password.startswith("!") if words else password == HASH


@pytest.mark.parametrize(
    ("words", "given", "expected"),
    [
        (STANDARD, "", "standard input is not a password's hash that PASSWORD_HASHERS can check"),
        (STANDARD, "hunter2", "standard input is not a password's hash that PASSWORD_HASHERS can check"),
        (
            STANDARD,
            "pbkdf2_sha1$1000$salt$hunter2",
            "the password was hashed with pbkdf2_sha1, but the first of PASSWORD_HASHERS here is pbkdf2_sha256; set",
        ),
        (("--", "--username=ada"), HASH, "You must use --email with --noinput."),
        (("--", "--username=a b", "--email=x"), HASH, "Enter a valid username."),
    ],
)
def test_a_mistake_creates_no_user(words, given: str, expected: str, run: Run, server, tmp_path: Path):
    migrated(run, tmp_path, "standard")

    ended = run("create_administrator", *words, given=given, exit_code=1)

    assert f"CommandError: {expected}" in ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr
    assert rows(server, tmp_path, USERS) == []


def test_a_terminal_is_not_asked_for_the_hash(tmp_path: Path):
    write_people(tmp_path, "standard")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "people.settings"}
    argv = [sys.executable, "-m", "django_runtimes.entrypoints.launch", "create_administrator", *STANDARD]

    ended = answer_at_terminal(argv, "", environ=environ | {"WEBAPP_RUNTIME": "local"}, directory=tmp_path)

    assert ended.exit_code == 1
    assert "CommandError: standard input is not a password's hash" in ended.stderr


def test_a_taken_name_changes_nothing(run: Run, server, tmp_path: Path):
    migrated(run, tmp_path, "standard")
    run("create_administrator", *STANDARD, given=HASH)

    ended = run("create_administrator", "--no-password", *STANDARD, exit_code=1)

    assert "Error: That username is already taken." in ended.stderr
    assert rows(server, tmp_path, USERS) == [("ada", "ada@example.org", HASH, True)]
