from datetime import UTC, datetime
from unittest.mock import patch

import botocore.session
import pytest
from botocore.signers import (
    dsql_generate_db_connect_admin_auth_token,
    dsql_generate_db_connect_auth_token,
    generate_db_auth_token,
)

from django_runtimes.aws.database_token import database_token
from django_runtimes.aws.signature import AccessKey

REGION = "eu-west-1"
AT = datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)


@pytest.fixture(params=[None, "IQoJ+b3/JpZ2lu=="])
def key(request):
    return AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", request.param)


def botocores_token(service, generate, key, *arguments):
    session = botocore.session.Session()
    session.set_credentials(key.key_id, key.secret, key.session_token)
    client = session.create_client(service, region_name=REGION)
    with patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        return generate(client, *arguments)


def parts(token):
    # botocore orders the parameters differently, but the signature does not depend on their order.
    address, _, query = token.partition("?")
    return address, sorted(query.split("&"))


@pytest.mark.parametrize("user", ["app", "a pp+ü"])
def test_a_token_for_rds_has_the_signature_that_botocore_makes(key, user):
    place = {"host": "db.cluster-abc.eu-west-1.rds.amazonaws.com", "port": 6543, "user": user}

    token = database_token(key, region=REGION, at=AT, **place)

    assert parts(token) == parts(botocores_token("rds", generate_db_auth_token, key, *place.values()))


@pytest.mark.parametrize("host", ["abc123.dsql.eu-west-1.on.aws", "abc123.dsql-fnh4.eu-west-1.on.aws"])
@pytest.mark.parametrize(
    ("user", "generate"),
    [("app", dsql_generate_db_connect_auth_token), ("admin", dsql_generate_db_connect_admin_auth_token)],
)
def test_a_token_for_dsql_has_the_signature_that_botocore_makes(key, host, user, generate):
    token = database_token(key, region=REGION, host=host.upper(), port=5432, user=user, at=AT)

    assert parts(token) == parts(botocores_token("dsql", generate, key, host))


@pytest.mark.parametrize("host", ["dsql.eu-west-1.on.aws", "a.dsql.eu-west-1.on.aws.example", "b.dsql.example"])
def test_another_host_gets_a_token_for_rds(key, host):
    token = database_token(key, region=REGION, host=host, port=5432, user="admin", at=AT)

    assert token.startswith(f"{host}:5432/?Action=connect&DBUser=admin&")
