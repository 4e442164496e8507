"""Each mistake ends with one line that says what to do."""

from pathlib import Path

import pytest

from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

DIGEST = "sha256:" + "0" * 64
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent"}
NO_KEYS = {**NOWHERE, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}


@pytest.fixture
def offline(make_project) -> Project:
    """A project without credentials for AWS."""
    return make_project(NO_KEYS)


def test_missing_credentials_are_explained(offline: Project):
    assert offline.error("deploy", "--image", DIGEST) == (
        "webapp deploy: no AWS credentials found; set AWS_PROFILE, or run `aws configure` or `aws sso login`"
    )


def test_an_unknown_profile_is_explained(offline: Project):
    assert "set AWS_PROFILE to one of ~/.aws/config" in offline.error("status", exit_code=2, AWS_PROFILE="team")


def test_an_unknown_region_gets_a_suggestion(offline: Project):
    path = offline.directory / "webapp.toml"
    path.write_text(path.read_text().replace("us-east-1", "us-eats-1", 1))

    assert "did you mean us-east-1?" in offline.error("deploy", exit_code=2)


def test_a_folder_without_a_project_is_explained(offline: Project):
    (offline.directory / "webapp.toml").unlink()

    assert "run `webapp deploy init`, or change to the project" in offline.error("status", exit_code=2)


def test_an_image_that_is_not_a_digest_is_refused(offline: Project):
    assert "'latest' is not a digest; write it as sha256:" in offline.error("deploy", "--image", "latest", exit_code=2)


def test_programs_get_the_error_as_json(offline: Project):
    assert "no AWS credentials" in offline.json("status", exit_code=1)["error"]


def test_a_stage_cannot_be_promoted_to_itself(offline: Project):
    assert "--stage and --to are both 'dev'" in offline.error("promote", "--to", "dev", exit_code=2)


def test_an_invalid_endpoint_is_refused(offline: Project):
    assert offline.error("status", exit_code=2, AWS_ENDPOINT_URL="foo") == (
        "webapp status: Invalid endpoint: foo; correct the AWS_… variable, or ~/.aws/config"
    )


def test_a_missing_credential_process_is_explained(offline: Project, tmp_path: Path):
    configuration = tmp_path / "aws.ini"
    configuration.write_text("[default]\ncredential_process = /nonexistent\n")

    assert "correct the AWS_… variable" in offline.error("status", exit_code=2, AWS_CONFIG_FILE=str(configuration))


@pytest.mark.parametrize("age", ["999999d", "3654d", "10", "-5m"])
def test_an_invalid_age_is_refused(offline: Project, age: str):
    assert f"{age!r} is not an age up to 3653d; write it as" in offline.error("logs", f"--since={age}", exit_code=2)


def test_a_missing_container_engine_is_explained(offline: Project, tmp_path: Path):
    ended = offline.error("build", PATH=str(tmp_path))

    assert "neither docker nor podman is installed" in ended
    assert "--image sha256:" in ended
