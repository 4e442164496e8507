"""Verbs take a stage on the route data_api from its first deploy to its end, with functions outside the network."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.deploy.standin.overlay import PATIENCE
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.standin.world import ACCOUNT
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry, digests

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

ROLES = ("operations", "web")
ON_RDS_PROXY = """Route = "runtime"
Engine = "aurora"
Credentials = "secretsmanager"
Egress = "nat"
"""


@pytest.fixture
def aws_with_data_api(tmp_path: Path, database_server, shared_moto: str) -> Iterator[StandIn]:
    """An empty AWS whose functions call a stand-in for the Data API, with secrets that name the stage's two roles."""
    name = f"standin_{secrets.token_hex(6)}"
    create_database(database_server, name)
    administrator = urlsplit(database_server.administration_url)
    web, password = f"web_{name}", secrets.token_hex(16)
    # moto finds a secret by the end of its ARN, if that is the secret's name.
    arns = {role: f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-{role}-a1B2c3" for role in ROLES}
    urls = {
        arns["operations"]: database_server.administration_url,
        arns["web"]: administrator._replace(
            netloc=f"{web}:{password}@{administrator.hostname}:{administrator.port}"
        ).geturl(),
    }
    with DataApiStandIn(database_server, latency_ms=0, secrets=urls) as service:
        overlay: dict[str, str | None] = {
            **service.environ(name),
            "WEBAPP_DB_SECRET_ARN": arns["web"],
            "WEBAPP_DB_OPERATIONS_SECRET_ARN": arns["operations"],
            "AWS_SESSION_TOKEN": None,
            "WEBAPP_MEDIA_BUCKET": None,
            **PATIENCE,
        }
        with standin(tmp_path / "aws", overlay=overlay, moto=shared_moto) as running:
            login = json.dumps({"username": web, "password": password})
            running.client("secretsmanager").create_secret(Name=f"{name}-web-a1B2c3", SecretString=login)
            yield running
    drop_database(database_server, name)
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(web)))


def configure(project: Project, lines: str) -> None:
    """Replace the route of the stage in webapp.toml."""
    path = project.directory / "webapp.toml"
    before, heading, after = path.read_text().partition("[stages.dev.parameters]\n")
    kept = after.removeprefix('Route = "data_api"\n').removeprefix(ON_RDS_PROXY)
    path.write_text(before + heading + lines + kept)


def subnets_of(aws: StandIn, function: str) -> list[str]:
    found = aws.client("lambda").get_function_configuration(FunctionName=f"guestbook-dev-{function}")
    return found.get("VpcConfig", {}).get("SubnetIds", [])


def names_of_groups(aws: StandIn, prefix: str) -> list[str]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    return [group["logGroupName"] for group in found]


def test_verbs_take_a_stage_on_the_data_api_to_its_end(make_project, aws_with_data_api: StandIn):
    aws = aws_with_data_api
    project: Project = make_project(aws.environ)
    configure(project, 'Route = "data_api"\n')
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    # The first deploy creates neither proxy nor rotation; the page that it tests reads from the database.
    deployed = project.json("deploy", "--image", first, "--yes")
    stacks = project.json("status")["stacks"]
    assert deployed["digest"] == first
    assert not {"guestbook-dev-proxy", "guestbook-dev-rotation", "guestbook-dev-endpoints"} & set(stacks)
    assert [subnets_of(aws, function) for function in ("web", "operations")] == [[], []]

    # Nothing rotates a password, and no proxy logs.
    assert names_of_groups(aws, "/aws/rds/") == ["/aws/rds/cluster/guestbook-dev/postgresql"]
    assert names_of_groups(aws, "/aws/lambda/") == []

    # The cluster answers calls, and pauses.
    (cluster,) = aws.client("rds").describe_db_clusters()["DBClusters"]
    assert cluster["HttpEndpointEnabled"] is True
    assert cluster["ServerlessV2ScalingConfiguration"] == {
        "MinCapacity": 0.0,
        "MaxCapacity": 4.0,
        "SecondsUntilAutoPause": 300,
    }

    # An update and a rollback.
    project.run("deploy", "--image", second, "--yes")
    assert digests(aws) == (second, second)
    assert project.json("rollback", "--yes")["digest"] == first

    # Another route needs a destroy, which keeps the data.
    configure(project, ON_RDS_PROXY)
    assert project.error("deploy", "--image", first, "--yes", exit_code=2).endswith(
        "Route of guestbook, dev, is 'data_api' and cannot become 'runtime', since the functions that still run would "
        "lose their database during the deploy; set it back in webapp.toml, or run `webapp destroy`, which keeps the "
        "data, and deploy again"
    )
    destroyed = project.json("destroy", "--yes")
    assert "guestbook-dev-database" in destroyed["kept"]
    project.run("destroy", "--data", "--yes")
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}

    # The functions read the web role's secret.
    assert_permitted(aws)
