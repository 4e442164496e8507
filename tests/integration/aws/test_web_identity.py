"""Exchanges the token of a pod's service account for credentials, at moto's STS and at prepared answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import botocore.session
import pytest

from django_runtimes.aws.aws_credentials import AwsCredentials
from django_runtimes.aws.temporary_key import AwsCredentialsError
from tests.integration.aws.scripted_server import NO_ANSWER, ScriptedServer
from tests.moto import moto_server

pytestmark = pytest.mark.profile_free

ROLE = "arn:aws:iam::123456789012:role/guestbook"
REFUSAL = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
    "<Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>"
)


@pytest.fixture(autouse=True)
def _identity(monkeypatch, tmp_path) -> None:
    (tmp_path / "token").write_text("of-the-pod\n")
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@pytest.fixture(scope="module")
def moto(tmp_path_factory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


def test_stss_credentials_are_those_that_botocore_reads(moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    ours = AwsCredentials().access_key()

    theirs = botocore.session.Session().get_credentials().get_frozen_credentials()
    assert ours.key_id[:4] == theirs.access_key[:4] == "ASIA"
    assert len(ours.secret) == len(theirs.secret_key)
    assert ours.session_token
    assert ours.session_token[:10] == theirs.token[:10]


def test_the_token_is_sent_without_a_signature(server: ScriptedServer, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "guestbook-pod")
    expires = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    server.script = [
        (
            200,
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            "<SessionToken>s3ss10n+/=</SessionToken><SecretAccessKey>r0le</SecretAccessKey>"
            f"<Expiration>{expires}</Expiration><AccessKeyId>ASIAPOD</AccessKeyId>"
            "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        )
    ]

    key = AwsCredentials().access_key()

    assert (key.key_id, key.secret, key.session_token) == ("ASIAPOD", "r0le", "s3ss10n+/=")
    assert "Authorization" not in server.received[0].headers
    assert parse_qs(server.received[0].body.decode()) == {
        "Action": ["AssumeRoleWithWebIdentity"],
        "Version": ["2011-06-15"],
        "RoleArn": [ROLE],
        "RoleSessionName": ["guestbook-pod"],
        "WebIdentityToken": ["of-the-pod"],
    }


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            [(403, REFUSAL)],
            f"STS refuses the role {ROLE} \\(403 AccessDenied: Not authorized .*\\); check the role's trust policy",
        ),
        ([(200, "<html>")], r"STS answers without valid credentials \(KeyError\); check AWS_ENDPOINT_URL_STS"),
        ([NO_ANSWER, NO_ANSWER], "127.0.0.1:.* does not answer"),
    ],
)
def test_a_refusal_is_an_error_with_its_reason(server, monkeypatch, script, reason):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    server.script = list(script)

    with pytest.raises(AwsCredentialsError, match=reason):
        AwsCredentials().access_key()


def test_a_missing_token_is_an_error(monkeypatch, tmp_path):
    Path(tmp_path / "token").unlink()

    with pytest.raises(AwsCredentialsError, match=r"AWS_WEB_IDENTITY_TOKEN_FILE cannot be read: .*No such file"):
        AwsCredentials().access_key()
