"""What a visitor may send to the bucket: the policy of the presigned POST, and requests that get none."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from django.test import Client

from django_runtimes.files import incoming
from django_runtimes.files.upload_limits import UploadLimits
from tests.integration.files.conftest import BUCKET, announce

pytestmark = pytest.mark.django_db


def test_the_policy_allows_one_object_of_one_size_and_type_for_15_minutes(client, bucket):
    granted = announce(client, b"x" * 1234).json()

    policy = json.loads(base64.b64decode(granted["fields"]["policy"]))
    assert ["content-length-range", 1234, 1234] in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert {"bucket": BUCKET} in policy["conditions"]
    assert {"key": granted["fields"]["key"]} in policy["conditions"]
    assert re.fullmatch(r"incoming/[\w-]{32}", granted["fields"]["key"])
    ends_at = datetime.fromisoformat(policy["expiration"])
    assert timedelta(minutes=14) < ends_at - datetime.now(UTC) <= timedelta(minutes=15)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "image/svg+xml"}, "This file is of the type image/svg+xml; send one of: image/gif, image/jpeg"),
        ({"type": "text/html"}, "This file is of the type text/html"),
        ({"type": ""}, "This file is of the type "),
        ({"size": "5242881"}, "This file has 5,242,881 bytes; send at most 5,242,880."),
        ({"size": "0"}, "The file is empty"),
        ({"size": "-1"}, "The size of the file is unknown"),
        ({"size": "٣"}, "The size of the file is unknown"),
        ({"size": "9" * 5000}, "The size of the file is unknown"),
        ({"name": ""}, "The file has no name"),
        ({"name": "../.."}, "The file has no name"),
        ({"ticket": "x"}, "The page is out of date"),
        ({"ticket": ""}, "The page is out of date"),
    ],
)
def test_permission_is_refused(client, bucket, fields, reason):
    response = announce(client, b"x", **fields)

    assert response.status_code == 400
    assert response.json()["error"].startswith(reason)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 200),
        ("application/vnd.ms-excel.sheet+xml", 200),
        ("text/plain; charset=utf-8", 200),
        ("", 400),
        ("text", 400),
        ("a/" + "b" * 300, 400),
        ("text/plain\r\nx-amz-acl: public-read", 400),
        ("text/plain;\0", 400),
        ("téxt/plain", 400),
    ],
)
def test_a_field_of_every_type_accepts_only_types(client, bucket, content_type, status):
    response = announce(client, b"x", ticket=UploadLimits(10).ticket(), type=content_type)

    assert response.status_code == status
    assert status == 200 or response.json() == {"error": "The type of the file is unknown. Choose another file."}


@pytest.mark.parametrize("error", [NoCredentialsError(), ClientError({}, "AssumeRoleWithWebIdentity")])
def test_permission_without_credentials_can_be_asked_for_again(client, bucket, monkeypatch, error):
    def permission(upload):
        raise error

    monkeypatch.setattr(incoming, "permission", permission)

    response = announce(client, b"x")

    assert response.status_code == 503
    assert response.json() == {"error": "The upload cannot start now. Try again in a moment."}


def test_permission_needs_the_csrf_token(bucket):
    client = Client(enforce_csrf_checks=True, headers={"X-Forwarded-Proto": "https"})

    assert client.post("/uploads/sign", {"ticket": "x"}).status_code == 403


def test_the_address_is_unknown_without_direct_uploads(client):
    assert client.post("/uploads/sign", {"ticket": "x"}).status_code == 404
