from datetime import UTC, datetime
from unittest.mock import patch

import botocore.session
import pytest
from botocore.signers import generate_db_auth_token

from django_runtimes.aws.signature import AccessKey, sign_login

AT = datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)


def botocores_token(key: AccessKey, **place: object) -> str:
    session = botocore.session.Session()
    session.set_credentials(key.key_id, key.secret, key.session_token)
    client = session.create_client("rds", region_name="eu-west-1")
    with patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        return generate_db_auth_token(client, place["host"], place["port"], place["user"])


@pytest.mark.parametrize("session_token", [None, "IQoJ+b3/JpZ2lu=="])
@pytest.mark.parametrize("user", ["app", "a pp+ü"])
def test_a_token_has_the_signature_that_botocore_makes(user, session_token):
    key = AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", session_token)
    place = {"host": "db.cluster-abc.eu-west-1.rds.amazonaws.com", "port": 6543, "user": user}

    token = sign_login(key, region="eu-west-1", at=AT, **place)

    # botocore orders the parameters differently, but the signature does not depend on their order.
    expected = botocores_token(key, **place)
    assert sorted(token.partition("?")[2].split("&")) == sorted(expected.partition("?")[2].split("&"))
    assert token.partition("?")[0] == expected.partition("?")[0]


def test_a_key_does_not_print_its_secret():
    assert repr(AccessKey("AKIDEXAMPLE", "hunter2", "s3ss10n")) == "AccessKey(key_id='AKIDEXAMPLE')"
