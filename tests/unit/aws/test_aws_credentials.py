import os
import sys
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest

from django_runtimes.aws.aws_credentials import AwsCredentials
from django_runtimes.aws.signature import AccessKey
from django_runtimes.aws.temporary_key import AwsCredentialsError, RenewedKey, TemporaryKey


@pytest.fixture(autouse=True)
def _files(monkeypatch, tmp_path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    # botocore would ask the metadata of a virtual machine.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def botocores_key() -> AccessKey:
    key = botocore.session.Session().get_credentials().get_frozen_credentials()
    return AccessKey(key.access_key, key.secret_key, key.token)


KEYS = "aws_access_key_id = {}\naws_secret_access_key = example\n"
FILES = [
    # The default profile of one file, of the other, and of both.
    ("", "[default]\n" + KEYS.format("AKIDCREDENTIALS"), {}),
    ("[default]\n" + KEYS.format("AKIDCONFIG"), "", {}),
    ("[default]\n" + KEYS.format("AKIDCONFIG"), "[default]\n" + KEYS.format("AKIDCREDENTIALS"), {}),
    ("[profile shop]\n" + KEYS.format("AKIDSHOP"), "", {"AWS_PROFILE": "shop"}),
    ("", "[shop]\n" + KEYS.format("AKIDSHOP") + "aws_session_token = s3ss10n\n", {"AWS_PROFILE": "shop"}),
    ("", "[shop]\n" + KEYS.format("AKIDSHOP"), {"AWS_PROFILE": "other", "AWS_DEFAULT_PROFILE": "shop"}),
    # Variables come first.
    (
        "",
        "[default]\n" + KEYS.format("AKIDCREDENTIALS"),
        {"AWS_ACCESS_KEY_ID": "AKIDVARIABLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "s3ss10n"},
    ),
    # A file comes before the endpoint of a container.
    (
        "",
        "[default]\n" + KEYS.format("AKIDCREDENTIALS"),
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"},
    ),
]


@pytest.mark.parametrize(("config", "credentials", "variables"), FILES)
def test_files_give_the_key_that_botocore_finds(monkeypatch, tmp_path, config, credentials, variables):
    (tmp_path / "config").write_text(config)
    (tmp_path / "credentials").write_text(credentials)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert AwsCredentials().access_key() == botocores_key()


def test_a_profile_that_runs_a_program_is_left_to_botocore(monkeypatch, tmp_path):
    answer = '{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "example"}'
    (tmp_path / "answer").write_text(answer)
    (tmp_path / "config").write_text(f"[profile shop]\ncredential_process = cat {tmp_path}/answer\n")
    monkeypatch.setenv("AWS_PROFILE", "shop")

    assert AwsCredentials().access_key() == AccessKey("AKIDPROCESS", "example")


def test_without_any_credentials_the_error_says_so():
    with pytest.raises(AwsCredentialsError, match="there are none; give the task or instance a role"):
        AwsCredentials().access_key()


def test_a_profile_that_no_file_has_is_an_error(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "shop")

    with pytest.raises(AwsCredentialsError, match=r"The config profile \(shop\) could not be found"):
        AwsCredentials().access_key()


def test_a_missing_botocore_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)

    with pytest.raises(AwsCredentialsError, match=r"AWS credentials of an instance.* needs boto3, of the extra \[s3\]"):
        AwsCredentials().access_key()


def test_a_file_is_read_again_after_its_key_was_refused(tmp_path):
    (tmp_path / "credentials").write_text("[default]\n" + KEYS.format("AKIDFIRST"))
    credentials = AwsCredentials()
    assert credentials.access_key().key_id == "AKIDFIRST"
    (tmp_path / "credentials").write_text("[default]\n" + KEYS.format("AKIDSECOND"))

    credentials.forget()

    assert credentials.access_key().key_id == "AKIDSECOND"


class Role:
    """A role whose loads give keys with these lifetimes, or raise."""

    def __init__(self, *lifetimes_s: float | Exception) -> None:
        self.lifetimes_s = list(lifetimes_s)
        self.loads = 0

    def load(self) -> TemporaryKey:
        self.loads += 1
        lifetime_s = self.lifetimes_s.pop(0)
        if isinstance(lifetime_s, Exception):
            raise lifetime_s
        return TemporaryKey(
            AccessKey(f"AKID{self.loads}", "example"), datetime.now(UTC) + timedelta(seconds=lifetime_s)
        )


REFUSAL = AwsCredentialsError("refused")


@pytest.mark.parametrize(
    ("lifetimes_s", "valid_for_s", "expected"),
    [
        ((3600, 3600), 15, ["AKID1", "AKID1"]),
        # Renewed within the last five minutes, and for as long as a caller needs.
        ((299, 3600), 15, ["AKID1", "AKID2"]),
        ((899, 3600), 900, ["AKID1", "AKID2"]),
        # The old key lasts until its end if the renewal fails.
        ((299, REFUSAL), 15, ["AKID1", "AKID1"]),
    ],
)
def test_a_roles_key_is_renewed_before_it_expires(lifetimes_s, valid_for_s, expected):
    key = RenewedKey(Role(*lifetimes_s).load)

    assert [key.access_key(valid_for_s).key_id for _ in range(2)] == expected


@pytest.mark.parametrize("lifetimes_s", [(REFUSAL,), (10, REFUSAL)])
def test_a_role_whose_key_ends_raises_the_error_of_its_renewal(lifetimes_s):
    key = RenewedKey(Role(*lifetimes_s).load)

    with pytest.raises(AwsCredentialsError, match="refused"):
        [key.access_key(15) for _ in range(2)]
