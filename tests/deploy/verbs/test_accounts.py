"""Each verb that uses AWS checks the stage's account before it does anything else."""

from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

DIGEST = "sha256:" + "0" * 64
# The stand-in's account is 123456789012.
ACCOUNTS = """
account = "210987654321"
[stages.qa]
target = "aws_lambda"
account = "123456789012"
[stages.prd]
target = "aws_lambda"
production = true
"""


VERBS = (
    ("deploy", "--image", DIGEST, "--yes"),
    ("deploy", "--image", DIGEST, "--dry-run"),
    ("destroy", "--data", "--yes"),
    ("rollback", "--yes"),
    ("promote", "--to", "qa", "--yes"),
    ("status",),
    ("logs",),
    ("open",),
    ("manage", "--yes", "--", "check"),
)


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    project: Project = make_project(aws.environ)
    (project.directory / "webapp.toml").write_text(f'project = "guestbook"\nregion = "us-east-1"\n{ACCOUNTS}')
    return project


# One test, since starting a stand-in takes longer than all verbs together.
def test_credentials_for_another_account_end_every_verb(project: Project, aws: StandIn):
    for verb in VERBS:
        message = project.error(verb[0], "--stage", "prd", *verb[1:], exit_code=2)

        assert "[stages.prd] belongs to account 210987654321, but the keys in AWS_ACCESS_KEY_ID are for" in message
        assert "for account 123456789012; set AWS_PROFILE to a profile of 210987654321" in message
    assert set(aws.calls()) == {"sts:GetCallerIdentity"}
    assert "[stages.prd] belongs to account 210987654321" in project.run("doctor", "aws", exit_code=None).stdout
    assert project.json("status", "--stage", "qa")["stage"] == "qa"
    (project.directory / "webapp.toml").unlink()
    assert 'account = "123456789012"' in project.run("deploy", "init", "--yes", "--dry-run").stdout


def test_the_profile_in_use_is_named(project: Project, tmp_path: Path):
    path = tmp_path / "credentials"
    path.write_text("[work]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        project.environ.pop(name, None)

    message = project.error(
        "status", "--stage", "prd", exit_code=2, AWS_PROFILE="work", AWS_SHARED_CREDENTIALS_FILE=str(path)
    )

    assert "but the credentials of the profile 'work' are for account 123456789012" in message


def test_a_build_needs_no_credentials(make_project, docker: Path):
    project: Project = make_project({})
    path = project.directory / "webapp.toml"
    path.write_text(f'account = "210987654321"\n{path.read_text()}')

    project.run("build", "--stage", "dev", "--dry-run", PATH=f"{docker.parent}:{project.environ['PATH']}")
