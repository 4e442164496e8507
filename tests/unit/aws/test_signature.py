from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from django_runtimes.aws.signature import AccessKey, SigningScope, encode_query, sign_headers

AT = datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)


KEY = AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ROLE_KEY = AccessKey("ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJ+b3/JpZ2lu==")


def botocores_headers(key: AccessKey, service: str, method: str, path: str, query: str, headers, body: bytes):
    url = f"https://dynamodb.eu-west-1.amazonaws.com{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, headers=headers, data=body)
    credentials = Credentials(key.key_id, key.secret, key.session_token)
    with patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
    return dict(request.headers)


@pytest.mark.parametrize("key", [KEY, ROLE_KEY])
@pytest.mark.parametrize("service", ["dynamodb", "secretsmanager", "ses"])
@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "body"),
    [
        ("POST", "/", {}, {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "A_1.GetItem"}, b"{}"),
        ("POST", "/", {}, {"X-Amz-Target": "  two   spaces  "}, '{"k": "\u00fc \u20ac"}'.encode()),
        ("GET", "/v2/email/configuration-sets", {"PageSize": "10", "NextToken": "a+b/c=="}, {}, b""),
        ("GET", "/", {"b": "2", "a": "1", "B": "3", "a-": "", "empty": ""}, {}, b""),
        ("GET", "/", {"\u00fc": "\u65e5\u672c & ~*'()"}, {}, b""),
        ("PUT", "/a%20b/%C3%BC/c~d", {}, {}, b"\x00\xff" * 1000),
        ("DELETE", "//a///b/", {}, {}, b""),
        ("GET", "/a/./b/../c", {}, {}, b""),
        ("GET", "/a*b+c,d;e:f@g$h&i=j!", {"x": "*"}, {}, b""),
        ("POST", "/", {}, {"A": "2", "a-b": "1", "Z-Header": "UPPER"}, b"x"),
    ],
)
def test_a_request_has_the_headers_that_botocore_sends(key, service, method, path, query, headers, body):
    encoded = encode_query(query)
    host = {"Host": "dynamodb.eu-west-1.amazonaws.com"}

    signed = sign_headers(
        key,
        SigningScope(service, "eu-west-1", AT),
        method=method,
        path=path,
        query=encoded,
        headers={**host, **headers},
        body=body,
    )

    assert signed == {**host, **botocores_headers(key, service, method, path, encoded, headers, body)}


def test_a_key_does_not_print_its_secret():
    assert repr(AccessKey("AKIDEXAMPLE", "hunter2", "s3ss10n")) == "AccessKey(key_id='AKIDEXAMPLE')"
