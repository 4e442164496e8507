"""Signs tokens with the role of a task or pod, whose credentials come from a real endpoint."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from django_runtimes.aws.aws_credentials import AwsCredentials
from django_runtimes.aws.container_role import container_role
from django_runtimes.databases.credentials.connection_login import CredentialsError
from django_runtimes.databases.credentials.iam import IamProvider
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free


@dataclass
class Endpoint:
    url: str
    status: int = 200
    answer: dict[str, object] | str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def give(self, key_id: str, *, for_s: float = 6 * 3600) -> None:
        """Answer with credentials in ECS's format."""
        self.answer = {
            "RoleArn": "arn:aws:iam::123456789012:role/guestbook",
            "AccessKeyId": key_id,
            "SecretAccessKey": "r0le",
            "Token": "s3ss10n",
            "Expiration": (datetime.now(UTC) + timedelta(seconds=for_s)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@pytest.fixture
def endpoint(monkeypatch) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.requests.append((self.path, self.headers["Authorization"]))
            body = answers.answer if isinstance(answers.answer, str) else json.dumps(answers.answer)
            self.send_response(answers.status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = Endpoint(f"http://127.0.0.1:{server.server_port}/v1/credentials?task=1")
    answers.give("AKIDROLE1")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answers.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


def provider(**arguments: float) -> IamProvider:
    place = {"region": "eu-west-1", "host": "db.example", "port": 5432, "user": "app"}
    return IamProvider(**place, credentials=AwsCredentials(), **arguments)


def test_a_token_is_signed_with_the_tasks_role(endpoint):
    token = provider().login().password

    assert "AKIDROLE1%2F" in token
    assert "X-Amz-Security-Token=s3ss10n" in token
    assert endpoint.requests == [("/v1/credentials?task=1", None)]


def test_the_pods_token_is_sent_to_the_endpoint(endpoint, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("of-the-pod\n")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-a-variable")
    provider().login()
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    provider().login()

    assert [authorization for _, authorization in endpoint.requests] == ["of-a-variable", "of-the-pod"]


def test_credentials_are_fetched_once_for_many_tokens(endpoint):
    source = provider(refresh_after_s=0.0)
    source.login()
    endpoint.give("AKIDROLE2")

    assert "AKIDROLE1%2F" in source.login().password
    assert len(endpoint.requests) == 1


def test_credentials_that_expire_before_the_token_are_renewed(endpoint):
    endpoint.give("AKIDROLE1", for_s=890)
    source = provider(refresh_after_s=0.0)
    source.login()
    endpoint.give("AKIDROLE2")

    assert "AKIDROLE2%2F" in source.login().password


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (404, {"code": "NoIdMapping"}, " answers 404; check the role of the task or pod"),
        (
            200,
            {"AccessKeyId": "AKIDROLE1"},
            " answers without valid credentials (KeyError); check the role of the task or pod",
        ),
        (
            200,
            "s3cret, but no JSON",
            " answers without valid credentials (JSONDecodeError); check the role of the task or pod",
        ),
    ],
)
def test_an_answer_without_credentials_is_a_credentials_error(endpoint, status, answer, reason):
    endpoint.status, endpoint.answer = status, answer

    with pytest.raises(CredentialsError) as raised:
        provider().login()

    assert str(raised.value).startswith("cannot load the AWS credentials that sign a database token: 127.0.0.1:")
    assert str(raised.value).endswith(reason)


def test_an_unreachable_endpoint_is_a_credentials_error(endpoint, monkeypatch):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")

    with pytest.raises(CredentialsError, match=r"cannot load the AWS credentials.*: .*refused"):
        provider().login()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such/token"}, r"No such file or directory: '/no/such/token'"),
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "s3cret\nX-A: b"}, r"ValueError"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:x/"}, r"ValueError"),
    ],
)
def test_variables_that_cannot_be_used_are_a_credentials_error(endpoint, monkeypatch, variables, reason):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(CredentialsError, match=reason) as raised:
        provider().login()

    assert str(raised.value).endswith("; check the variables AWS_CONTAINER_…")
    assert "s3cret" not in str(raised.value)
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": ""},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://127.0.0.1/"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://elsewhere.example/"},
    ],
)
def test_other_credentials_are_left_to_botocore(endpoint, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert container_role() is None


SOURCE = """
import sys
import django
django.setup()
from django.db import connection
from django_runtimes.aws import container_role
# On a busy machine the test answers later than the endpoint of a task.
container_role._PATIENCE = container_role._PATIENCE._replace(read_s=60.0)
connection.get_connection_params()
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "urllib3"}))
"""


def test_a_tasks_first_token_loads_no_sdk(endpoint):
    process = subprocess.run(
        [sys.executable, "-c", SOURCE],
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "WEBAPP_RUNTIME": "aws_ecs",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
            "DATABASE_URL": "postgresql://app@db.example/app",
            "WEBAPP_DB_STRATEGY": "per_request",
            "WEBAPP_DB_CREDENTIALS": "iam",
            "AWS_REGION": "eu-west-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    # Importing botocore takes most of a second on a small task.
    assert process.stdout == "\n"
    assert len(endpoint.requests) == 1
