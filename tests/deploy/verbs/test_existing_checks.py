"""What a stage takes over is compared with AWS before anything is created."""

import json
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.configuration import choose_deployment, parse_configuration
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.existing.existing_check import existing_problems
from django_runtimes.deploy.templates import parameters
from django_runtimes.deploy.templates.parameters import read_templates
from django_runtimes.deploy.templates.template_source import find_templates
from django_runtimes.deploy.templates.templates import read_template
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.verbs import existing_account as account
from tests.deploy.verbs.existing_account import DATABASE_TABLE, NETWORK_TABLE, PRIVATE, PUBLIC, SNAPSHOT_TABLE

pytestmark = pytest.mark.profile_free

Setup = Callable[[StandIn], None]
Problems = Callable[..., list[str]]
TASK = """
[stages.dev.schedules.nightly]
command = "import_orders"
rate = "1 day"
task = true
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with standin(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def api(started: StandIn) -> Iterator[Aws]:
    """The verbs' clients, which all tests share, since their creation takes longer than a check."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in started.environ.items():
            patch.setenv(name, value)
        # Parsing the templates takes longer than a check, too.
        patch.setattr(parameters, "read_template", cache(read_template))
        yield Aws("us-east-1")


@pytest.fixture
def cloud(started: StandIn, api: Aws) -> StandIn:
    """An account with a network and a database, to which each test restores it."""
    account.add_network(started)
    account.add_database(started)
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "email-smtp"):
        account.add_endpoint(started, service, State="Deleted")
    return started


@pytest.fixture
def problems(cloud: StandIn, api: Aws) -> Problems:
    """Returns the problems of a stage with these tables, each as one line."""

    def ask(tables: str, **options: Any) -> list[str]:
        context = context_of(api, tables, **options)
        return [str(problem) for problem in existing_problems(context)]

    return ask


def context_of(api: Aws, tables: str, *, target: str = "aws_lambda", **values: Any) -> Context:
    given = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text = (
        f'project = "guestbook"\nregion = "us-east-1"\n[parameters]\n{given}'
        f'[stages.dev]\ntarget = "{target}"\n[stages.dev.parameters]\nDomain = "guestbook.example.com"\n'
        f'[stages.dev.parameters.load-balancer]\nCertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1"\n'
        f"{tables}"
    )
    deployment = choose_deployment(parse_configuration(tomllib.loads(text), Path("/project")), None, None)
    source = find_templates(Path("/project"))
    consent = Consent(yes=True, dry_run=False)
    return Context(deployment, source, read_templates(deployment, source), api, Progress(), consent)


@pytest.mark.parametrize("target", ["aws_lambda", "aws_app_runner", "aws_ecs", "aws_ecs_express"])
def test_a_complete_network_and_database_have_no_problems(problems: Problems, cloud: StandIn, target: str):
    assert problems(NETWORK_TABLE + DATABASE_TABLE, target=target) == []


def change_subnet(name: str, **changes: Any) -> Setup:
    return lambda aws: account.add_subnet(aws, name, **{"zone": "a", **changes})


@pytest.mark.parametrize(
    ("setup", "parameters", "expected"),
    [
        (
            change_subnet(PRIVATE[1], zone="a"),
            {},
            "private_subnets are all in us-east-1a; name subnets in at least two availability zones",
        ),
        (
            change_subnet(PRIVATE[0], VpcId="vpc-0b2"),
            {},
            "subnet-0a1 is in vpc-0b2, not in vpc-0a1; name subnets of one",
        ),
        (change_subnet(PRIVATE[0], AvailableIpAddressCount=3), {}, "subnet-0a1 has 3 free addresses, and at least 8"),
        (change_subnet(PRIVATE[0], zone_id="use1-az3"), {}, "subnet-0a1 is in us-east-1a (use1-az3), which has no RDS"),
        (
            lambda aws: account.add_endpoint(aws, "s3", RouteTableIds=["rtb-public"]),
            {},
            "subnet-0a1 does not reach S3, which has the pictures; run `aws ec2 create-vpc-endpoint --vpc-id vpc-0a1 "
            "--service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-main --region us-east-1`",
        ),
        (
            lambda aws: account.add_route_table(aws, "rtb-public", []),
            {},
            "public_subnets: subnet-0c1 has no route to an internet gateway; name a public subnet",
        ),
        (
            lambda aws: None,
            {"Egress": "nat"},
            "with Egress = 'nat', subnet-0a1 needs a way out, but its default route leads to nothing, and vpc-0a1 has "
            "no endpoints for ecr.api, ecr.dkr, logs, secretsmanager; name subnets behind a NAT gateway",
        ),
        (
            lambda aws: account.add_route_table(aws, "rtb-main", PRIVATE, GatewayId="igw-1"),
            {"Egress": "nat"},
            "its default route leads to an internet gateway, which private addresses cannot use",
        ),
        (
            lambda aws: account.add_endpoint(aws, "logs", PrivateDnsEnabled=True),
            {"Egress": "endpoints"},
            "vpc-0a1 has endpoints for logs already, and a second one with the same name is impossible; set Egress to",
        ),
        (
            lambda aws: account.add_endpoint(aws, "email-smtp", PrivateDnsEnabled=True),
            {"Egress": "endpoints", "MailEndpoint": "yes", "EgressPorts": "587"},
            "vpc-0a1 has endpoints for email-smtp already, and a second one with the same name is impossible",
        ),
        (
            lambda aws: aws.put_existing(
                "existing vpc", account.VPC, {"EnableDnsSupport": False, "EnableDnsHostnames": True}
            ),
            {},
            "run `aws ec2 modify-vpc-attribute --vpc-id vpc-0a1 --enable-dns-support`",
        ),
    ],
)
def test_problems_of_the_network(
    problems: Problems, cloud: StandIn, setup: Setup, parameters: dict[str, str], expected: str
):
    setup(cloud)

    assert expected in " | ".join(problems(NETWORK_TABLE, **parameters))


def test_private_subnets_behind_a_nat_gateway_need_no_endpoints(problems: Problems, cloud: StandIn):
    account.add_endpoint(cloud, "s3", State="Deleted")
    account.add_route_table(cloud, "rtb-main", PRIVATE, NatGatewayId="nat-1")

    assert problems(NETWORK_TABLE, Egress="nat") == []


def test_private_subnets_with_the_vpcs_own_endpoints_need_no_nat_gateway(problems: Problems, cloud: StandIn):
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager"):
        account.add_endpoint(cloud, service, PrivateDnsEnabled=True)

    assert problems(NETWORK_TABLE, Egress="nat") == []


def test_routes_of_another_accounts_subnets_are_not_judged(problems: Problems, cloud: StandIn):
    for name, zone in zip(PRIVATE, "ab", strict=True):
        account.add_subnet(cloud, name, zone=zone, OwnerId="999999999999")
    account.add_endpoint(cloud, "s3", State="Deleted")

    assert problems(NETWORK_TABLE) == []


@pytest.mark.parametrize(
    ("table", "target", "expected"),
    [
        (
            NETWORK_TABLE.replace('"vpc-0a1"', '"vpc-0e9"'),
            "aws_lambda",
            "vpc = 'vpc-0e9' does not exist in account 123456789012, us-east-1; correct it",
        ),
        (
            NETWORK_TABLE.replace('"subnet-0a1"', '"subnet-0e9"'),
            "aws_lambda",
            "private_subnets: subnet-0e9 does not exist; `aws ec2 describe-subnets",
        ),
        (
            NETWORK_TABLE.replace(f"public_subnets = {json.dumps(PUBLIC)}", ""),
            "aws_ecs",
            "has no public_subnets, which the load balancer of aws_ecs needs; name subnets in two zones",
        ),
        (
            NETWORK_TABLE.replace(f"public_subnets = {json.dumps(PUBLIC)}", TASK),
            "aws_lambda",
            "has no public_subnets, which a schedule that runs as a task with Egress = 'none' needs; name subnets",
        ),
    ],
)
def test_ids_that_do_not_fit(problems: Problems, cloud: StandIn, table: str, target: str, expected: str):
    (problem,) = problems(table, target=target)

    assert expected in problem


@pytest.mark.parametrize("target", ["aws_lambda", "aws_app_runner"])
def test_only_ecs_needs_public_subnets(problems: Problems, cloud: StandIn, target: str):
    assert problems(NETWORK_TABLE.replace(f"public_subnets = {json.dumps(PUBLIC)}", ""), target=target) == []


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
        (DATABASE_TABLE, {"Engine": "mysql"}, "the instance guestbook-dev runs mysql; name a PostgreSQL database"),
        (
            DATABASE_TABLE,
            {"EnableIAMDatabaseAuthentication": False},
            "takes no tokens, which Credentials = 'iam' needs; run `aws rds modify-db-instance "
            "--db-instance-identifier guestbook-dev --enable-iam-database-authentication --apply-immediately`",
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
    ("changes", "parameters", "expected"),
    [
        ({}, {}, []),
        (
            {"Encrypted": False},
            {},
            ["is not encrypted, and so its database would not be; name the encrypted copy that `aws rds copy"],
        ),
        ({"EngineVersion": "16.3"}, {}, ["is of PostgreSQL 16, and MajorVersion is '17'; set MajorVersion to 16"]),
        ({"EngineVersion": "16.3"}, {"MajorVersion": "16"}, []),
        ({"AllocatedStorage": 60}, {}, ["has 60 GB, and StorageGb is 20; set StorageGb to 60 or more"]),
        ({"Engine": "mysql"}, {}, ["is of mysql, and Engine = 'instance' needs postgres"]),
        ({"Status": "creating"}, {}, ["is creating; wait until it is available"]),
        ({"MasterUsername": "root"}, {}, []),
        (
            {"MasterUsername": "root"},
            {"Credentials": "secretsmanager", "Egress": "nat"},
            ["whose password the deploy sets; set operations_user to 'root'"],
        ),
        ({}, {"Engine": "aurora"}, ["is not of Engine = 'aurora' but of 'instance'; set Engine to 'instance'"]),
    ],
)
def test_problems_of_a_snapshot(
    problems: Problems, cloud: StandIn, changes: dict[str, Any], parameters: dict[str, str], expected: list[str]
):
    account.add_snapshot(cloud, **changes)

    found = problems(SNAPSHOT_TABLE, **parameters)

    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


def test_an_unknown_snapshot_is_a_problem(problems: Problems, cloud: StandIn):
    (problem,) = problems(SNAPSHOT_TABLE.replace(account.SNAPSHOT, "yesterday"))

    assert "snapshot = 'yesterday' does not exist in account 123456789012, us-east-1; correct it" in problem
