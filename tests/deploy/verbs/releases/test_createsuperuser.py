"""A superuser is created in a deployed stage, and neither the password nor its hash is visible anywhere."""

import base64
import hashlib

import psycopg
import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

PASSWORD = "ünï correct horse Zx85"


def users(database_server, aws: StandIn) -> dict[str, str]:
    """Return the hashes of the superusers' passwords by name."""
    with psycopg.connect(database_server.administration_url, dbname=aws.overlay["WEBAPP_DB_NAME"]) as connection:
        rows = connection.execute("SELECT username, password FROM accounts_user WHERE is_superuser").fetchall()
    return dict(rows)


def is_hash_of(encoded: str, password: str) -> bool:
    algorithm, iterations, salt, digest = encoded.split("$")
    assert algorithm == "pbkdf2_sha256"
    found = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(iterations))
    return base64.b64encode(found).decode() == digest


def test_a_superuser_is_created_unseen(make_project, aws_with_database: StandIn, database_server):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    (project.directory / "pyproject.toml").write_text('[tool.webapp]\nsettings = "webapp.settings"\n')
    create_registry(aws)
    early = project.error("createsuperuser", "--stage", "dev", exit_code=1)
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes")

    answers = f"ada\nada@example.org\n{PASSWORD}\n{PASSWORD}\n"
    created = project.type_hidden(answers, "createsuperuser")
    single_sign_on = project.json("createsuperuser", "--no-password", "--username=bob", "--email=bob@example.org")
    again = project.error("createsuperuser", "--no-password", "--username=bob", "--email=bob@example.org")
    without_terminal = project.error("createsuperuser", "--username=eve", "--email=eve@example.org", exit_code=2)

    assert "has no output FunctionName in us-east-1; run `webapp deploy` first" in early
    assert created.exit_code == 0, created.stderr
    assert created.stdout == "ada is a superuser of guestbook, dev, aws_lambda, with the password\n"
    assert single_sign_on["user"] == "bob"
    assert single_sign_on["has_password"] is False
    assert "Error: That username is already taken." in again
    assert "cannot ask for the password without a terminal" in without_terminal
    found = users(database_server, aws)
    assert found.keys() == {"ada", "bob"}
    assert is_hash_of(found["ada"], PASSWORD)
    assert found["bob"].startswith("!")
    visible = aws.visible_records() + created.stdout + created.stderr + created.echo
    visible += project.run("logs", "--of", "operations").stdout
    assert "create_administrator ended with exit code 0" in visible
    assert [word for word in ("Zx85", found["ada"], found["ada"].split("$")[-1]) if word in visible] == []
