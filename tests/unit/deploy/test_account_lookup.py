"""The account of the credentials at hand; no failure ends `webapp init`."""

import pytest

from django_runtimes.deploy.aws.account_lookup import account_at_hand


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    # Nothing listens on this port.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL", "not an address"),
        ("AWS_PROFILE", "nosuchprofile"),
        ("AWS_CONFIG_FILE", "/dev/null/config"),
    ],
)
def test_there_is_no_account_when_aws_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)

    assert account_at_hand("eu-west-1") is None


def test_there_is_no_account_in_an_unknown_region():
    assert account_at_hand("no such region") is None
