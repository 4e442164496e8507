"""An existing database is compared with AWS before anything is created."""

import json
from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs import existing_account as account
from tests.deploy.verbs.existing_account import DATABASE_TABLE, NETWORK_TABLE, Problems

pytestmark = pytest.mark.profile_free


@pytest.mark.parametrize(
    ("table", "changes", "expected"),
    [
        (
            DATABASE_TABLE.replace('"guestbook-dev"', '"orders"'),
            {},
            "identifier = 'orders' is not a database of RDS in account 123456789012, us-east-1; correct it",
        ),
        (
            DATABASE_TABLE.replace(account.HOST, "other.example.com"),
            {},
            f"host = 'other.example.com' does not belong to guestbook-dev; set host to '{account.HOST}'",
        ),
        (
            DATABASE_TABLE.replace("port = 5433\n", ""),
            {},
            "port = '5432' does not belong to guestbook-dev; set port to '5433'",
        ),
        (DATABASE_TABLE.replace("db-ORDERS", "db-OTHER"), {}, "resource_id = 'db-OTHER' does not belong to"),
        (
            DATABASE_TABLE,
            {"Engine": "mysql"},
            "the instance guestbook-dev runs mysql; name a PostgreSQL database, or set DatabaseSystem to 'mysql' in ",
        ),
        (
            DATABASE_TABLE,
            {"EnableIAMDatabaseAuthentication": False},
            "takes no tokens, which Credentials = 'iam' needs; run `aws rds modify-db-instance "
            "--db-instance-identifier guestbook-dev --enable-iam-database-authentication --apply-immediately`",
        ),
        (
            DATABASE_TABLE,
            {"DBInstanceClass": "db.t4g.micro"},
            "guestbook-dev is a db.t4g.micro, which has 1 GB of memory, and RDS needs 300 to 1,000 MiB of it free to "
            "check a token; move it to a larger class, or set Credentials to 'secretsmanager'",
        ),
        (
            DATABASE_TABLE,
            {"VPCSecurityGroups": ["sg-0f1"]},
            "security_group = 'sg-0d1' is not a security group of guestbook-dev; set it to one of the database's "
            "groups: sg-0f1",
        ),
        (
            DATABASE_TABLE + 'secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-a1B2c3"\n',
            {},
            "has a secret, which Credentials = 'iam' does not use; remove it, or set Credentials",
        ),
    ],
)
def test_problems_of_the_database(
    problems: Problems, cloud: StandIn, table: str, changes: dict[str, Any], expected: str
):
    account.add_database(cloud, **changes)

    (problem,) = problems(NETWORK_TABLE + table)

    assert expected in problem


@pytest.mark.parametrize(("port", "is_of_plain_text"), [(5433, True), (1521, False)])
def test_the_port_of_oracles_plain_text_is_a_problem(
    problems: Problems, cloud: StandIn, port: int, is_of_plain_text: bool
):
    # The table has port 5433.
    account.add_database(cloud, Engine="oracle-se2", Port=port)

    found = problems(
        NETWORK_TABLE + DATABASE_TABLE, DatabaseSystem="oracle-se2", Credentials="secretsmanager", Egress="endpoints"
    )

    complaint = "port = '5433' is the port of plain text of guestbook-dev; set port to the port of its TLS, by default"
    assert any(complaint in problem for problem in found) is is_of_plain_text, found
    assert not any("does not belong to" in problem for problem in found)


@pytest.mark.parametrize(
    ("target", "version", "is_refused"),
    [
        ("aws_lambda", "16.00.4215.2.v1", True),
        ("aws_lambda", "15.00.4430.1.v1", False),
        ("aws_ecs", "16.00.4215.2.v1", False),
    ],
)
def test_a_version_that_the_proxy_does_not_serve_is_a_problem(
    problems: Problems, cloud: StandIn, target: str, version: str, is_refused: bool
):
    account.add_database(cloud, Engine="sqlserver-se", EngineVersion=version)

    found = problems(NETWORK_TABLE + DATABASE_TABLE, target=target, DatabaseSystem="sqlserver-se", Egress="endpoints")

    complaint = (
        f"the instance guestbook-dev has the version {version} of SQL Server, which RDS Proxy does not serve; deploy "
        "the stage to containers, or name a server of an earlier version"
    )
    assert any(complaint in problem for problem in found) is is_refused, found


@pytest.mark.parametrize(("user", "is_refused"), [("orders_web", False), ("orders_shop", True)])
def test_a_user_whose_second_user_would_be_too_long_is_a_problem(
    problems: Problems, cloud: StandIn, user: str, is_refused: bool
):
    account.add_database(cloud, Engine="mysql")
    secret = 'secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-a1B2c3"\n'

    found = problems(
        f'{NETWORK_TABLE}{DATABASE_TABLE}{secret}user = "{user}"\n', DatabaseSystem="mysql", Egress="endpoints"
    )

    complaint = "user = 'orders_shop' is longer than 10 characters, and AWS's rotation function adds _clone to the name"
    assert any(complaint in problem for problem in found) is is_refused, found


def test_a_database_in_another_network_is_a_problem(problems: Problems, cloud: StandIn):
    account.add_group(cloud, account.GROUP, vpc=account.OTHER_VPC)

    (problem,) = problems(NETWORK_TABLE + DATABASE_TABLE)

    assert problem.startswith("the database guestbook-dev is in vpc-0b2, and the stage in vpc-0a1; name the database's")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("aws_lambda", ["the cluster orders has a minimum of 0.5 ACU, too little for RDS Proxy; give it"]),
        ("aws_ecs", []),
    ],
)
def test_a_small_cluster_does_not_suffice_for_the_proxy(
    problems: Problems, cloud: StandIn, target: str, expected: list[str]
):
    properties = {
        "EnableIAMDatabaseAuthentication": True,
        "Port": 5433,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 4},
        "VpcSecurityGroupIds": [account.GROUP],
    }
    document = {"name": "orders", "host": account.HOST, "resource_id": "db-ORDERS", "properties": properties}
    cloud.put_existing("database Cluster", "orders", document)

    found = problems(
        NETWORK_TABLE + DATABASE_TABLE.replace('"guestbook-dev"', '"orders"'), target=target, Engine="aurora"
    )

    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


def test_the_wrong_engine_is_named(problems: Problems, cloud: StandIn):
    (problem,) = problems(NETWORK_TABLE + DATABASE_TABLE, Engine="aurora")

    assert "identifier = 'guestbook-dev' is an instance, not a cluster; set Engine to 'instance'" in problem


PASSWORD = "correct horse battery staple"
LOGIN = {"username": "postgres", "password": PASSWORD, "engine": "postgres", "host": account.HOST}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LOGIN, []),
        ({**LOGIN, "password": ""}, ["has no password; add what is missing to its JSON object"]),
        ({"username": "postgres", "password": PASSWORD}, ["has no engine, host; add what is missing"]),
        ({**LOGIN, "username": "root"}, ["is the login of another role than operations_user = 'postgres'"]),
        ({**LOGIN, "host": "other.example.com"}, [f"has another host than '{account.HOST}'"]),
        (PASSWORD, ["is not a JSON object; store one with username and password"]),
    ],
)
def test_the_administrators_secret_needs_its_keys(
    problems: Problems, cloud: StandIn, content: object, expected: list[str]
):
    secrets = cloud.client("secretsmanager")
    name = f"orders-{len(secrets.list_secrets()['SecretList'])}"
    text = content if isinstance(content, str) else json.dumps(content)
    arn = secrets.create_secret(Name=name, SecretString=text)["ARN"]

    found = problems(
        f'{NETWORK_TABLE}{DATABASE_TABLE}secret = "{arn}"\n', Credentials="secretsmanager", Egress="endpoints"
    )

    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))
    assert PASSWORD not in " ".join(found)


@pytest.mark.parametrize(
    ("engine", "system", "is_rotated"),
    [("postgres", "postgresql", False), ("mariadb", "mariadb", False), ("sqlserver-se", "sqlserver-se", True)],
)
def test_a_secret_of_rds_without_a_rotation_is_a_warning(
    problems: Problems, cloud: StandIn, engine: str, system: str, is_rotated: bool
):
    account.add_database(cloud, Engine=engine)
    # RDS writes neither engine nor host.
    text = json.dumps({"username": "postgres", "password": PASSWORD})
    arn = cloud.client("secretsmanager").create_secret(Name=f"rds!db-{system}", SecretString=text)["ARN"]

    found = problems(
        f'{NETWORK_TABLE}{DATABASE_TABLE}secret = "{arn}"\n',
        DatabaseSystem=system,
        Credentials="secretsmanager",
        Egress="endpoints",
    )

    warning = "the password of 'webapp' is not rotated: RDS manages [stages.dev.database] secret, which has no host for"
    assert [problem for problem in found if "zone" not in problem] == [] if is_rotated else warning in found[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "has no secret, which Credentials = 'secretsmanager' needs; set secret to the ARN"),
        (
            'secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nothing-a1B2c3"\n',
            "does not exist or has been deleted; correct it",
        ),
    ],
)
def test_a_missing_secret_is_a_problem(problems: Problems, cloud: StandIn, line: str, expected: str):
    (problem,) = problems(NETWORK_TABLE + DATABASE_TABLE + line, Credentials="secretsmanager", Egress="endpoints")

    assert expected in problem


@pytest.mark.parametrize(
    ("is_enabled", "expected"),
    [
        (True, []),
        (
            False,
            [
                "the cluster orders answers no calls of the Data API; run `aws rds enable-http-endpoint --resource-arn "
                "arn:aws:rds:us-east-1:123456789012:cluster:orders --region us-east-1`, or remove Route"
            ],
        ),
    ],
)
def test_an_existing_cluster_must_answer_calls_of_the_data_api(
    problems: Problems, cloud: StandIn, is_enabled: bool, expected: list[str]
):
    # Neither the capacity that RDS Proxy needs, nor a zone that has it, nor a way to S3 matters.
    properties = {
        "EnableHttpEndpoint": is_enabled,
        "Port": 5433,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0, "MaxCapacity": 4},
        "VpcSecurityGroupIds": [account.GROUP],
    }
    document = {"name": "orders", "host": account.HOST, "resource_id": "db-ORDERS", "properties": properties}
    cloud.put_existing("database Cluster", "orders", document)
    account.add_subnet(cloud, account.PRIVATE[0], zone="a", zone_id="use1-az3")
    account.add_endpoint(cloud, "s3", RouteTableIds=["rtb-public"])
    secrets = cloud.client("secretsmanager")
    arn = secrets.create_secret(Name=f"data-api-{is_enabled}", SecretString=json.dumps(LOGIN))["ARN"]
    table = DATABASE_TABLE.replace('"guestbook-dev"', '"orders"')

    assert problems(f'{NETWORK_TABLE}{table}secret = "{arn}"\n', Route="data_api") == expected
