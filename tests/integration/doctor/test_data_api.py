"""`webapp doctor` on the route data_api, with the stand-in in front of a real server."""

import json

import psycopg
import pytest

from tests.integration.doctor.examination import REQUIRED, TIMEOUTS, doctor, findings

pytestmark = pytest.mark.profile_free

LAMBDA = {**REQUIRED, "WEBAPP_RUNTIME": "aws_lambda"}


def test_it_names_the_cluster_and_what_the_route_gives_up(data_api, database_server, database, alter):
    alter(**dict.fromkeys(TIMEOUTS, "8s"))
    with psycopg.connect(database_server.administration_url) as connection:
        version = connection.execute("SELECT current_setting('server_version')").fetchone()[0]
    environ = {**LAMBDA, **data_api.environ(database), "WEBAPP_DB_OPERATIONS_SECRET_ARN": data_api.secret_arn}

    examined = doctor("database", "budget", "--json", **environ)

    web = "web login, data_api route: "
    operations = "operations login, data_api route: "
    server = f"PostgreSQL {version} at {data_api.cluster_arn} as {database_server.role}"
    found = findings(examined, "database")
    remarks = [text.removeprefix(web) for _, text in found if "the service " in text]
    assert ("ok", f"{web}{server}") in found
    assert ("ok", f"{operations}{server}") in found
    assert ("ok", f"{web}timeouts end statements and idle transactions") in found
    # The findings about the operations login do not repeat the remarks.
    assert len(remarks) == 2
    assert remarks[0].startswith("the service keeps no sessions, so LISTEN, COPY, session locks, ")
    assert remarks[1].startswith("the service accepts 64 KB of SQL and 4 MiB with all values, ")
    assert not [level for level, _ in found if level in ("wrong", "unreadable")]
    assert findings(examined, "budget") == [
        ("ok", "no process holds a connection to the server, so there is nothing to count")
    ]


@pytest.mark.parametrize(
    ("variables", "text", "remedy"),
    [
        (
            {"AWS_ENDPOINT_URL_RDS_DATA": "http://127.0.0.1:1"},
            "127.0.0.1:1 does not answer",
            "check WEBAPP_DB_CLUSTER_ARN, and that this process reaches AWS's public endpoints",
        ),
        (
            {"WEBAPP_DB_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:other"},
            "the Data API refuses the call: ",
            "check WEBAPP_DB_SECRET_ARN, and allow secretsmanager:GetSecretValue",
        ),
        (
            {"WEBAPP_DB_NAME": "nothing"},
            'database "nothing" does not exist',
            "check WEBAPP_DB_CLUSTER_ARN, WEBAPP_DB_SECRET_ARN, WEBAPP_DB_NAME, and the permissions of this process's "
            "role",
        ),
    ],
)
def test_a_call_that_fails_is_one_finding_with_its_remedy(data_api, database, variables, text, remedy):
    examined = doctor("database", "--json", **{**LAMBDA, **data_api.environ(database), **variables})

    (section,) = json.loads(examined.stdout)["sections"]
    (finding,) = section["findings"]
    assert finding["level"] == "wrong"
    assert text in finding["text"]
    assert finding["remedy"] == remedy
