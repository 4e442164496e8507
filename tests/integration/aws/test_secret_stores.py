"""Reads of Secrets Manager and Parameter Store are signed requests, and no failure shows a value."""

import json
from contextlib import closing

import pytest

from django_runtimes.aws import service_client
from django_runtimes.aws.parameter_store import ParameterStore
from django_runtimes.aws.secrets_manager import SecretError, SecretsManager
from tests.integration.aws.scripted_server import NO_ANSWER, ScriptedServer

pytestmark = pytest.mark.profile_free

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-a1B2c3"
DENIED = (400, {"__type": "AccessDeniedException", "Message": "User is not authorized"})


@pytest.fixture(autouse=True)
def _store(server: ScriptedServer, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setattr(service_client, "_LONGEST_WAITS_S", (0.01, 0.01))


def parameters(*names: str) -> tuple[int, object]:
    return 200, {"Parameters": [{"Name": name, "Value": f"value of {name}"} for name in names]}


def test_the_current_version_of_a_secret_is_read(server: ScriptedServer):
    server.script = [(200, {"SecretString": "hunter2"}), (200, {"SecretBinary": "aHVudGVyMg=="})]

    with closing(SecretsManager("eu-west-1")) as store:
        assert [store.read(ARN), store.read(ARN)] == ["hunter2", None]

    received = server.received[0]
    assert json.loads(received.body) == {"SecretId": ARN, "VersionStage": "AWSCURRENT"}
    assert received.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
    assert received.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert "/eu-west-1/secretsmanager/aws4_request" in received.headers["Authorization"]


def test_parameters_are_read_ten_at_a_time(server: ScriptedServer):
    names = [f"/shop/{number}" for number in range(11)]
    server.script = [parameters(*names[:10]), parameters(*names[10:])]

    assert ParameterStore("eu-west-1").read(names) == {name: f"value of {name}" for name in names}

    asked = [json.loads(each.body) for each in server.received]
    assert asked == [{"Names": some, "WithDecryption": True} for some in (names[:10], names[10:])]
    assert server.received[0].headers["X-Amz-Target"] == "AmazonSSM.GetParameters"
    assert "/eu-west-1/ssm/aws4_request" in server.received[0].headers["Authorization"]


def test_a_parameter_that_does_not_exist_is_named(server: ScriptedServer):
    server.script = [(200, {"Parameters": [], "InvalidParameters": ["/shop/key"]})]

    with pytest.raises(SecretError, match="Parameter Store has no parameter '/shop/key' in eu-west-1; create it"):
        ParameterStore("eu-west-1").read(["/shop/key"])


@pytest.mark.parametrize(
    ("answer", "of_secret", "of_parameter"),
    [
        (
            DENIED,
            "AccessDeniedException; check the permission secretsmanager:GetSecretValue",
            "AccessDeniedException; check the permission ssm:GetParameters",
        ),
        (
            (200, "<html>hunter2</html>"),
            "HOST answers no JSON object",
            "HOST answers no JSON object",
        ),
        (
            (200, ["hunter2"]),
            "HOST answers no JSON object",
            "HOST answers no JSON object",
        ),
    ],
)
def test_a_failure_has_its_reason_and_no_value(
    server: ScriptedServer, answer: tuple[int, object], of_secret: str, of_parameter: str
):
    server.script = [answer, answer]
    with closing(SecretsManager("eu-west-1")) as store, pytest.raises(SecretError) as secret:
        store.read(ARN)
    with pytest.raises(SecretError) as parameter:
        ParameterStore("eu-west-1").read(["/shop/key"])

    found = [str(error.value).replace(server.url.removeprefix("http://"), "HOST") for error in (secret, parameter)]
    assert found == [of_secret, of_parameter]
    # An error page would show the caught error with its local variables.
    assert secret.value.__context__ is parameter.value.__context__ is None


def test_an_object_that_is_not_parameter_stores(server: ScriptedServer):
    server.script = [(200, {"Parameters": None})]

    with pytest.raises(SecretError, match=r"^the answer is not Parameter Store's; check AWS_ENDPOINT_URL_SSM$"):
        ParameterStore("eu-west-1").read(["/shop/key"])


def test_a_store_that_does_not_answer_is_asked_twice(server: ScriptedServer):
    server.script = [NO_ANSWER, NO_ANSWER]

    with closing(SecretsManager("eu-west-1")) as store, pytest.raises(SecretError, match=" does not answer "):
        store.read(ARN)

    assert len(server.received) == 2
