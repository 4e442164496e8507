"""The client of AWS's services, against a server over HTTP and HTTPS."""

import json
import multiprocessing
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import trustme

from django_runtimes.aws import https_pool, service_client
from django_runtimes.aws.aws_credentials import AwsCredentials
from django_runtimes.aws.aws_service import DYNAMODB, RDS_DATA
from django_runtimes.aws.service_client import AwsAnswerError, AwsUnavailableError, ServiceClient
from django_runtimes.aws.trusted_roots import has_hashes, tls_context
from tests.integration.aws.scripted_server import NO_ANSWER, THROTTLED, ScriptedServer, scripted_server

pytestmark = pytest.mark.profile_free

EXPIRED = (400, {"__type": "ExpiredTokenException", "message": "The security token is expired"})
MISSING = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "No such table"})
BROKEN = (500, {"__type": "InternalServerError", "message": ""})
AWAY = (503, "<html>Service Unavailable</html>")


@pytest.fixture(autouse=True)
def _key(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setattr(service_client, "_LONGEST_WAITS_S", (0.01, 0.01))


@pytest.fixture
def client(server: ScriptedServer, monkeypatch) -> Iterator[ServiceClient]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
    client = ServiceClient(DYNAMODB, "eu-west-1", credentials=AwsCredentials())
    yield client
    client._pool.close()


def get(client: ServiceClient, *, repeatable: bool = True) -> dict[str, object]:
    return client.call("DynamoDB_20120810.GetItem", {"TableName": "ü"}, version="1.0", repeatable=repeatable)


def test_a_call_is_a_signed_request(client, server):
    assert get(client) == {"given": 1}

    received = server.received[0]
    assert received.path == "/"
    assert json.loads(received.body) == {"TableName": "ü"}
    assert received.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert received.headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
    assert received.headers["Host"] == server.url.removeprefix("http://")
    assert (
        "/eu-west-1/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        in (received.headers["Authorization"])
    )


def test_a_thread_keeps_its_connection(client, server):
    for _ in range(3):
        get(client)

    assert len(set(server.connections)) == 1


def test_each_of_8_threads_gets_its_own_answer(client, server):
    barrier, answers = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        answers.extend(get(client)["given"] for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 160
    assert len(set(server.connections)) <= 8


def test_a_connection_that_the_server_closed_is_replaced(client, server):
    get(client)
    resting = client._pool._resting[0].connection
    # The server closes the connection after this answer, as AWS does with one that rests.
    server.script = [NO_ANSWER]
    resting.request("POST", "/", b"", {})
    assert resting.sock.recv(1, 2) == b""

    assert get(client, repeatable=False) == {"given": 3}


def test_a_connection_that_rested_for_long_is_replaced(client, server, monkeypatch):
    get(client)
    monkeypatch.setattr(https_pool, "_MAX_REST_S", 0.0)

    get(client)

    assert len(set(server.connections)) == 2


def test_a_forked_process_opens_its_own_connection(client, server):
    get(client)
    fork = multiprocessing.get_context("fork").Process(target=get, args=(client,))
    fork.start()
    fork.join()
    get(client)

    first, of_fork, last = server.connections
    assert first == last != of_fork


@pytest.mark.parametrize("refusal", [THROTTLED, AWAY])
def test_a_throttled_call_is_repeated(client, server, refusal):
    server.script = [refusal, refusal]

    assert get(client, repeatable=False) == {"given": 3}


def test_a_call_that_is_throttled_three_times_is_an_outage(client, server):
    server.script = [THROTTLED] * 4

    with pytest.raises(AwsUnavailableError, match="refused 3 attempts: ThrottlingException: Rate exceeded"):
        get(client)
    assert len(server.received) == 3


@pytest.mark.parametrize("outcome", [BROKEN, NO_ANSWER])
def test_a_call_with_an_unknown_outcome_is_repeated_if_it_may_be(client, server, outcome):
    server.script = [outcome]
    assert get(client) == {"given": 2}

    server.script = [outcome]
    with pytest.raises(AwsUnavailableError):
        get(client, repeatable=False)
    assert len(server.received) == 3


@pytest.mark.parametrize("outcome", [BROKEN, NO_ANSWER, AWAY])
def test_a_call_of_the_data_api_may_be_done_in_spite_of_its_answer(server, monkeypatch, outcome):
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", server.url)
    client = ServiceClient(RDS_DATA, "eu-west-1", credentials=AwsCredentials())
    server.script = [outcome]

    with pytest.raises(AwsUnavailableError) as raised:
        client.request("POST", "/CommitTransaction", headers={}, body=b"{}", repeatable=False)

    client.close()
    assert raised.value.may_be_done
    assert len(server.received) == 1


def test_a_call_that_was_not_sent_was_not_done(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
    client = ServiceClient(DYNAMODB, "eu-west-1", credentials=AwsCredentials())

    with pytest.raises(AwsUnavailableError) as raised:
        get(client, repeatable=False)

    assert not raised.value.may_be_done


def test_a_refused_call_is_an_error_with_its_code(client, server):
    server.script = [MISSING]

    with pytest.raises(AwsAnswerError, match="ResourceNotFoundException: No such table") as raised:
        get(client)

    assert raised.value.code == "ResourceNotFoundException"
    assert len(server.received) == 1


@pytest.mark.parametrize("answer", ["<html>Please log in</html>", "[1]"])
def test_an_answer_that_is_no_json_object_is_an_outage(client, server, answer):
    server.script = [(200, answer)]

    with pytest.raises(AwsUnavailableError, match=r"127\.0\.0\.1:\d+ answers no JSON object"):
        client.call("Test.Get", {}, version="1.0", repeatable=True)


def test_an_expired_key_is_loaded_again(client, server, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id=AKIDFIRST\naws_secret_access_key=example\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    get(client)
    file.write_text(file.read_text().replace("FIRST", "SECOND"))
    server.script = [EXPIRED]

    get(client)

    keys = [each.headers["Authorization"].partition("/")[0].partition("=")[2] for each in server.received]
    assert keys == ["AKIDFIRST", "AKIDFIRST", "AKIDSECOND"]


def test_missing_credentials_are_an_outage(client, server, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")

    with pytest.raises(AwsUnavailableError, match=r"cannot load the AWS credentials: 127.0.0.1:1 .*refused"):
        get(client)
    assert server.received == []


def test_a_server_that_refuses_connections_is_an_outage(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")

    with pytest.raises(AwsUnavailableError, match=r"127.0.0.1:1 does not answer \(.*refused\)"):
        get(ServiceClient(DYNAMODB, "eu-west-1"))


@pytest.fixture
def authority() -> Iterator[trustme.CA]:
    tls_context.cache_clear()
    yield trustme.CA()
    tls_context.cache_clear()


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_server_is_verified_with_the_named_bundle(monkeypatch, tmp_path, authority, is_trusted):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    (authority if is_trusted else trustme.CA()).cert_pem.write_to_path(tmp_path / "bundle.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    with scripted_server(context) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
        client = ServiceClient(DYNAMODB, "eu-west-1")

        if is_trusted:
            assert [get(client)["given"] for _ in range(2)] == [1, 2]
            assert len(set(server.connections)) == 1
            client._pool.close()
        else:
            with pytest.raises(AwsUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
                get(client)


@pytest.mark.parametrize("has_file", [True, False])
def test_without_a_bundle_the_systems_certificates_count(monkeypatch, tmp_path, authority, has_file):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if has_file:
        authority.cert_pem.write_to_path(tmp_path / "file.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "file.pem"))

    context = tls_context()

    # A folder of hashed names is read when a server is verified.
    assert len(context.get_ca_certs()) == has_file or not has_hashes(ssl.get_default_verify_paths().capath)
    assert context.check_hostname


IMPORTS = """
import sys
from django_runtimes.aws import https_pool
from django_runtimes.aws.service_client import ServiceClient
# On a busy machine the test answers later than AWS.
https_pool._READ_TIMEOUT_S = 60.0
from django_runtimes.aws.aws_service import DYNAMODB
client = ServiceClient(DYNAMODB, "eu-west-1")
client.call("DynamoDB_20120810.GetItem", {}, version="1.0", repeatable=True)
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "django", "urllib3"}))
"""


def test_a_call_imports_neither_botocore_nor_django(server):
    environ = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL_DYNAMODB": server.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
    }
    process = subprocess.run(
        [sys.executable, "-c", IMPORTS], env=environ, capture_output=True, text=True, timeout=60, check=True
    )

    assert process.stdout.split() == []
    assert len(server.received) == 1
