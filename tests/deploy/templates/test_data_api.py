"""With the route data_api the functions run outside the network, and the cluster pauses."""

import pytest

from tests.deploy.templates.analysis.mutations import mutate
from tests.deploy.templates.analysis.permissions import granted_permissions, permission_mismatches
from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.reachability import has_nat, is_public, paths, places
from tests.deploy.templates.analysis.stacks import DATA_API, EXISTING_DATABASE, EXISTING_NETWORK, deploy
from tests.deploy.templates.analysis.variants import ON_DATA_API

pytestmark = pytest.mark.profile_free

DATABASE, SECRETS = "foundation/database.yaml", "foundation/secrets.yaml"
CLUSTER_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:webapp-dev"
LOGINS = {
    "lambda/template.yaml": ("WEBAPP_DB_SECRET_ARN", "web-login"),
    "operations/template.yaml": ("WEBAPP_DB_OPERATIONS_SECRET_ARN", "operations-secret"),
}
FUNCTIONS = pytest.mark.parametrize("template", LOGINS)


def test_nothing_is_billed_by_the_hour_while_the_cluster_pauses():
    """deploy/README.md has the idle cost."""
    types = {resource.type for resource in ON_DATA_API.resources}

    assert not types & {"AWS::EC2::EIP", "AWS::EC2::NatGateway", "AWS::RDS::DBProxy"}
    endpoints = {each.properties["VpcEndpointType"] for each in ON_DATA_API.of_type("AWS::EC2::VPCEndpoint")}
    assert endpoints == {"Gateway"}
    assert {each.properties["DBInstanceClass"] for each in ON_DATA_API.of_type("AWS::RDS::DBInstance")} == {
        "db.serverless"
    }


def test_the_cluster_answers_calls_and_pauses():
    properties = ON_DATA_API.named(DATABASE, "DatabaseCluster").properties
    capacity = {"MinCapacity": "0", "MaxCapacity": 4, "SecondsUntilAutoPause": 300}

    assert properties["EnableHttpEndpoint"] is True
    assert properties["ServerlessV2ScalingConfiguration"] == capacity


def test_the_cluster_of_another_route_neither_answers_calls_nor_pauses():
    properties = deploy(Engine="aurora").named(DATABASE, "DatabaseCluster").properties

    assert "EnableHttpEndpoint" not in properties
    assert properties["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 2, "MaxCapacity": 4}


def test_a_cluster_with_a_minimum_capacity_does_not_pause():
    deployment = deploy(**DATA_API | {"MinAcu": "0.5"})
    properties = deployment.named(DATABASE, "DatabaseCluster").properties

    assert properties["ServerlessV2ScalingConfiguration"] == {"MinCapacity": "0.5", "MaxCapacity": 4}


def test_the_cluster_is_alone_in_subnets_without_a_way_out():
    (cluster,) = [place for place in places(ON_DATA_API) if place.subnets]
    leading_out = {each for each in cluster.subnets if is_public(ON_DATA_API, each) or has_nat(ON_DATA_API, each)}

    assert str(cluster) == f"{DATABASE} DatabaseCluster"
    assert leading_out == set()
    assert paths(ON_DATA_API) == set()


@FUNCTIONS
def test_a_function_outside_the_network_gets_the_cluster_and_a_secret(template: str):
    (function,) = ON_DATA_API.stacks[template].of_type("AWS::Lambda::Function")
    variables = function.properties["Environment"]["Variables"]
    secret, exported = LOGINS[template]

    assert "VpcConfig" not in function.properties
    own = {"WEBAPP_DB_ROLE": "operations"} if template.startswith("operations") else {}
    web = ON_DATA_API.exported("web-login")
    assert {name: value for name, value in variables.items() if name.startswith("WEBAPP_DB_")} == own | {
        "WEBAPP_DB_ROUTE": "data_api",
        "WEBAPP_DB_CLUSTER_ARN": CLUSTER_ARN,
        "WEBAPP_DB_NAME": "webapp",
        "WEBAPP_DB_SECRET_ARN": web,
        secret: ON_DATA_API.exported(exported),
    }


@FUNCTIONS
def test_a_function_may_call_one_cluster_with_its_own_secrets(template: str):
    granted = granted_permissions(ON_DATA_API, ON_DATA_API.named(template, "Role"))
    calls = {action for action, resource in granted if resource == CLUSTER_ARN}
    secrets = {resource for action, resource in granted if action.startswith("secretsmanager:")}

    assert calls == {
        "rds-data:BatchExecuteStatement",
        "rds-data:BeginTransaction",
        "rds-data:CommitTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
    }
    # The operations function sets the web role's password.
    assert secrets == {ON_DATA_API.exported("web-login"), ON_DATA_API.exported(LOGINS[template][1])}
    assert [action for action, _ in granted if action.startswith(("ec2:", "rds-db:"))] == []


def test_a_missing_action_of_the_service_is_found():
    actions = "DataApiPolicy/Properties/PolicyDocument/Statement/0/Action"
    deployment = deploy(mutate(SECRETS, f"{actions}/1", "rds-data:ExecuteSql"), **DATA_API)
    found = [each for each in permission_mismatches(deployment, {}) if not is_about_pictures(each.unused)]

    assert {action for each in found for action, _ in each.missing} == {"rds-data:BeginTransaction"}


def is_about_pictures(permissions: frozenset[tuple[str, str]]) -> bool:
    """Return whether these are only permissions on pictures, which this module does not examine."""
    return bool(permissions) and all(action.startswith("s3:") for action, _ in permissions)


def test_long_commands_connect_from_a_task_in_the_network():
    (task,) = [each for each in started_processes(ON_DATA_API) if each.resource.stack == "operations/task.yaml"]

    assert "WEBAPP_DB_ROUTE" not in task.declared
    assert task.declared["WEBAPP_DB_HOST"] == ON_DATA_API.exported("database-host")


def test_an_existing_cluster_is_called_by_its_own_arn():
    deployment = deploy(**EXISTING_NETWORK, **EXISTING_DATABASE, **DATA_API)
    called = {
        process.declared["WEBAPP_DB_CLUSTER_ARN"]
        for process in started_processes(deployment)
        if "WEBAPP_DB_CLUSTER_ARN" in process.declared
    }

    assert called == {"arn:aws:rds:us-east-1:123456789012:cluster:orders"}
