"""Who may call the stand-in, and in which form: signatures, ARNs, the model of the service, and its pauses."""

import http.client
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from django_runtimes.aws.signature import AccessKey, SigningScope, sign_headers
from django_runtimes.compare.services.data_api.call_counts import CallCounts
from django_runtimes.compare.services.data_api.data_api_process import REGION, DataApiStandIn
from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.compare.services.data_api.data_api_client import DataApiClient


def call(stand_in, path, members, *, key=None, region=REGION, service="rds-data", at=None, body=None):
    """Send a request that the library's own client has signed, and return the status, the error and the answer."""
    key = key or AccessKey(*stand_in.access_key.values())
    sent = json.dumps(members).encode()
    headers = sign_headers(
        key,
        SigningScope(service, region, at or datetime.now(UTC)),
        method="POST",
        path=path,
        query="",
        headers={"Host": f"127.0.0.1:{stand_in.port}", "Content-Type": "application/json"},
        body=sent,
    )
    connection = http.client.HTTPConnection("127.0.0.1", stand_in.port, timeout=60)
    connection.request("POST", path, body or sent, headers)
    answer = connection.getresponse()
    fields = json.loads(answer.read())
    connection.close()
    return answer.status, answer.headers["x-amzn-ErrorType"], fields


@pytest.fixture
def members(data_api, data_api_database):
    return {
        "resourceArn": data_api.cluster_arn,
        "secretArn": data_api.secret_arn,
        "database": data_api_database,
        "sql": "SELECT 1",
    }


def test_the_librarys_own_signature_is_accepted(data_api, members):
    assert call(data_api, "/Execute", members) == (
        200,
        None,
        {"numberOfRecordsUpdated": 0, "records": [[{"longValue": 1}]]},
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"key": AccessKey("AKIAOTHER", "x")}, "UnrecognizedClientException"),
        ({"region": "eu-west-1"}, "InvalidSignatureException"),
        ({"service": "rds"}, "InvalidSignatureException"),
        ({"at": datetime.now(UTC) - timedelta(minutes=10)}, "InvalidSignatureException"),
        ({"body": b"{}"}, "InvalidSignatureException"),
    ],
)
def test_other_signatures_are_refused(data_api, members, changes, error):
    status, name, answer = call(data_api, "/Execute", members, **changes)

    assert (status, name) == (403, error)
    assert answer["message"]


def test_the_secret_key_is_part_of_the_signature(data_api, members):
    key_id = data_api.access_key["AWS_ACCESS_KEY_ID"]

    assert call(data_api, "/Execute", members, key=AccessKey(key_id, "guessed"))[:2] == (
        403,
        "InvalidSignatureException",
    )


def test_unsigned_requests_are_refused(data_api):
    connection = http.client.HTTPConnection("127.0.0.1", data_api.port, timeout=60)
    connection.request("POST", "/Execute", b"{}")
    answer = connection.getresponse()

    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")
    answer.read()
    connection.close()


@pytest.mark.parametrize(
    ("path", "changes", "error"),
    [
        ("/ExecuteSql", {}, (404, "UnknownOperationException")),
        ("/Execute", {"sql": 1}, (400, "ValidationException")),
        ("/Execute", {"sql": "SELECT '\ud800'"}, (400, "SerializationException")),
        (
            "/Execute",
            {"parameters": [{"name": "a", "value": {"blobValue": "no base64"}}]},
            (400, "SerializationException"),
        ),
        ("/Execute", {"unknown": 1}, (400, "ValidationException")),
        ("/CommitTransaction", {"sql": "SELECT 1"}, (400, "ValidationException")),
        ("/Execute", {"resourceArn": "arn:aws:rds:us-east-1:1:cluster:other"}, (404, "NotFoundException")),
        ("/Execute", {"secretArn": "arn:aws:secretsmanager:us-east-1:1:secret:other"}, (400, "SecretsErrorException")),
    ],
)
def test_requests_that_the_model_or_the_cluster_refuses(data_api, members, path, changes, error):
    assert call(data_api, path, members | changes)[:2] == error


def test_a_paused_database_resumes(database_server, data_api_database):
    with DataApiStandIn(database_server, latency_ms=0, pause_after_s=0.0, resume_s=0.2) as stand_in:
        client = DataApiClient(stand_in, data_api_database)

        assert client.refusal("SELECT 1") == (
            "DatabaseResumingException",
            "The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again.",
        )
        time.sleep(0.2)
        assert client.rows("SELECT 1") == [[1]]


def test_calls_are_counted_for_each_database(data_api, database_server):
    create_database(database_server, "counted")
    client = DataApiClient(data_api, "counted")
    assert data_api.calls("counted") == CallCounts(0, 0)

    number = client.begin()
    client.execute("SELECT 1", transactionId=number)
    client.commit(number)
    client.refusal("SELECT 1 / 0")
    before = data_api.calls("counted")
    client.execute("SELECT repeat('x', 10000)")

    assert before.calls == 4
    answered = data_api.calls("counted").since(before)
    assert answered.calls == 1
    # The text, the ARNs and the JSON around it.
    assert 10.0 < answered.mean_kb < 10.5
    drop_database(database_server, "counted")
