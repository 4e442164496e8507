"""An existing network or database takes the place of the stage's own, and no stack can delete it."""

import re
from typing import Any

import pytest

from tests.deploy.templates.analysis.permissions import permission_mismatches
from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.reachability import places
from tests.deploy.templates.analysis.stacks import (
    EXISTING_DATABASE,
    EXISTING_NETWORK,
    INSTEAD_OF,
    Deployment,
    deploy,
    read_template,
)

pytestmark = pytest.mark.profile_free

BY_PASSWORD = {"Credentials": "secretsmanager", "Egress": "nat"}
EXISTING = EXISTING_NETWORK | EXISTING_DATABASE
VARIANTS = [{}, BY_PASSWORD, {"Engine": "aurora"}, {**BY_PASSWORD, "Engine": "aurora"}]
by_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: ",".join(each.values()) or "defaults")
# Everything that a stack on existing resources creates itself.
OWN_TYPES = {
    "foundation/existing-network.yaml": {"AWS::IAM::ManagedPolicy"},
    "foundation/existing-database.yaml": {
        "AWS::CloudWatch::Alarm",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
    },
}


@by_variant
@pytest.mark.parametrize("name", INSTEAD_OF)
def test_it_has_the_exports_and_outputs_of_the_template_that_it_replaces(name: str, variant: dict[str, str]):
    own, existing = deploy(**variant), deploy(**EXISTING, **variant)

    assert set(own.exports) == set(existing.exports)
    assert set(own.stacks[INSTEAD_OF[name][1]].outputs) == set(existing.stacks[name].outputs)


@pytest.mark.parametrize("name", INSTEAD_OF)
def test_it_creates_nothing_that_holds_data(name: str):
    declared = read_template(name)["Resources"].values()

    assert {resource["Type"] for resource in declared} == OWN_TYPES[name]


@by_variant
def test_no_network_or_database_is_created(variant: dict[str, str]):
    created = {resource.type for resource in deploy(**EXISTING, **variant).resources}

    assert not [name for name in created if re.fullmatch("AWS::EC2::.*(VPC|Subnet|Route|Gateway|FlowLog).*", name)]
    assert not [name for name in created if re.fullmatch("AWS::RDS::DB(Instance|Cluster|SubnetGroup)", name)]


def test_everything_is_placed_in_the_given_subnets():
    subnets = {str(place): place.subnets for place in places(deploy(**EXISTING))}

    private, public = ({*EXISTING_NETWORK[key].split(",")} for key in ("PrivateSubnets", "PublicSubnets"))
    assert subnets["lambda/template.yaml Function"] == private
    assert subnets["foundation/proxy.yaml Proxy"] == private
    assert subnets["ecs/load-balancer.yaml LoadBalancer"] == public
    assert set().union(*subnets.values()) == private | public


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ("subnet-0b1,subnet-0b2", "ENABLED")),
        ({"PublicSubnets": ""}, ("subnet-0a1,subnet-0a2", "DISABLED")),
        ({"Egress": "nat"}, ("subnet-0a1,subnet-0a2", "DISABLED")),
    ],
)
def test_the_operations_task_is_public_only_without_another_way_out(
    parameters: dict[str, str], expected: tuple[str, str]
):
    only = ("foundation/existing-network.yaml",)
    outputs = deploy(only=only, **EXISTING_NETWORK | parameters).stacks[only[0]].outputs

    assert (outputs["TaskSubnets"], outputs["TaskPublicAddress"]) == expected


def test_a_network_without_public_subnets_exports_none():
    only = ("foundation/existing-network.yaml",)
    exports = deploy(only=only, **EXISTING_NETWORK | {"PublicSubnets": ""}).exports

    assert "webapp-dev-public-subnets" not in exports
    assert exports["webapp-dev-private-subnets"] == "subnet-0a1,subnet-0a2"


def rules(deployment: Deployment) -> set[tuple[str, str, str]]:
    """Return the type, group and peer of each rule on the database's port."""
    found = set()
    for rule in deployment.stacks["foundation/existing-database.yaml"].resources.values():
        if rule.type.startswith("AWS::EC2::SecurityGroup"):
            assert (rule.properties["FromPort"], rule.properties["ToPort"]) == (5433, 5433)
            peer = rule.properties.get("SourceSecurityGroupId") or rule.properties["DestinationSecurityGroupId"]
            found.add((rule.type.removeprefix("AWS::EC2::SecurityGroup"), rule.properties["GroupId"], peer))
    return found


def test_the_application_and_the_proxy_reach_the_database():
    application, proxy = (f"foundation/security-groups.yaml:{name}Group" for name in ("Application", "Proxy"))
    out = {("Egress", application, "sg-0d1"), ("Egress", proxy, "sg-0d1")}

    assert rules(deploy(**EXISTING)) == out | {("Ingress", "sg-0d1", application), ("Ingress", "sg-0d1", proxy)}
    assert rules(deploy(**EXISTING, GroupRules="no")) == out


@by_variant
def test_every_process_gets_the_address_and_the_roles(variant: dict[str, str]):
    processes = started_processes(deploy(**EXISTING, **variant))

    assert len(processes) == 6
    for process in processes:
        declared = process.declared
        assert declared["WEBAPP_DB_HOST"] == "orders.c1.us-east-1.rds.amazonaws.com"
        assert declared["WEBAPP_DB_PORT"] == "5433"
        assert (declared["WEBAPP_DB_NAME"], declared["WEBAPP_DB_USER"]) == ("orders", "orders_web")
    users = {each.declared.get("WEBAPP_DB_OPERATIONS_USER") for each in processes}
    assert users == {None, "postgres"}


def test_own_databases_keep_their_names():
    for process in started_processes(deploy()):
        declared = process.declared
        assert (declared["WEBAPP_DB_PORT"], declared["WEBAPP_DB_NAME"]) == ("5432", "webapp")
        assert declared["WEBAPP_DB_USER"] == "webapp"
        assert declared.get("WEBAPP_DB_OPERATIONS_USER", "operations") == "operations"


@by_variant
def test_every_role_has_the_permissions_for_the_existing_database(variant: dict[str, str]):
    deployment = deploy(**EXISTING, **variant)
    # The permissions on pictures do not depend on the database.
    differences = [
        difference
        for difference in permission_mismatches(deployment, {})
        if {action for action, _ in difference.missing | difference.unused if not action.startswith("s3:")}
    ]

    assert differences == []


def test_only_the_stages_own_logins_are_rotated():
    deployment = deploy(**EXISTING, **BY_PASSWORD)
    rotated = {each.properties["SecretId"] for each in deployment.of_type("AWS::SecretsManager::RotationSchedule")}

    assert rotated == {deployment.exported("web-login")}
    assert deployment.exported("operations-secret") == EXISTING_DATABASE["OperationsSecret"]


SNAPSHOT = {"Snapshot": "orders-before", "DatabaseName": "orders", "OperationsUser": "postgres"}
OF_SNAPSHOT = {"DBName", "DatabaseName", "MasterUserAuthenticationType"}


def database_of(parameters: dict[str, str]) -> dict[str, Any]:
    (database,) = [
        each
        for each in deploy(**parameters).stacks["foundation/database.yaml"].resources.values()
        if re.fullmatch("Database(Instance|Cluster)", each.name)
    ]
    assert database.policies == {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    return database.properties


@by_variant
def test_a_database_starts_from_a_snapshot(variant: dict[str, str]):
    fresh, restored = database_of(variant), database_of(variant | SNAPSHOT)
    cluster = variant.get("Engine") == "aurora"

    assert restored.get("SnapshotIdentifier" if cluster else "DBSnapshotIdentifier") == "orders-before"
    # RDS rejects or ignores these for a restored database, which keeps what the snapshot has.
    assert OF_SNAPSHOT & restored.keys() == set()
    assert len(OF_SNAPSHOT & fresh.keys()) == 2
    assert fresh["StorageEncrypted"] is True
    # The snapshot, which the verbs require to be encrypted, decides about a cluster.
    assert restored.get("StorageEncrypted") is (None if cluster else True)
    assert ("MasterUserPassword" in restored) is ("Credentials" in variant)
    # A restored database would keep its former port.
    assert str(restored["Port"]) == "5432"
    assert "Port" not in fresh


def test_the_administrator_of_a_restored_database_gets_a_new_password():
    deployment = deploy(**SNAPSHOT, **BY_PASSWORD)
    secret = deployment.named("foundation/database.yaml", "OperationsLogin").properties["GenerateSecretString"]

    assert secret["SecretStringTemplate"] == '{"username": "postgres"}'
    assert deployment.exported("operations-user") == "postgres"
    assert deployment.exported("database-name") == "orders"
