"""Resources have tags, log retention, encryption, private access and deletion protection."""

import json
import re

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from django_runtimes.deploy.steps.service_logs import database_log_groups
from django_runtimes.deploy.templates.database_system import POSTGRESQL
from tests.deploy.templates.analysis.stacks import Deployment, Resource, deploy
from tests.deploy.templates.analysis.statements import ACCOUNT
from tests.deploy.templates.analysis.variants import PROCESSES, RESOURCES, of_type

pytestmark = pytest.mark.profile_free


def test_every_taggable_resource_is_tagged():
    taggable = [resource for resource in RESOURCES if tag_property(resource.type)]
    tags = {f"{resource.stack} {resource.name}": tags_of(resource) for resource in taggable}

    assert len(taggable) > 100
    assert {name: found for name, found in tags.items() if not found.keys() >= {"project", "stage"}} == {}
    assert {found["project"] for found in tags.values()} == {"webapp"}
    assert {found["stage"] for found in tags.values()} == {"dev", "all"}


def tag_property(type_name: str) -> str | None:
    """Return the name of the tags property in AWS's schema of the type, or None."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_name).schema
    return next((name for name in ("Tags", "ResourceTags") if name in schema["properties"]), None)


def tags_of(resource: Resource) -> dict[str, str]:
    tags = resource.properties.get(tag_property(resource.type), {})
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def test_logs_expire():
    for log in of_type("AWS::Logs::LogGroup"):
        assert log.properties["RetentionInDays"] == 30


def test_every_process_writes_to_a_log_that_expires():
    """App Runner creates its own log group, whose name is not known in advance: docs/unverified.md."""
    logs = {f"{log.stack}:{log.name}" for log in of_type("AWS::Logs::LogGroup")}
    for process in PROCESSES:
        if process.resource.type != "AWS::AppRunner::Service":
            assert any(log in repr(process.resource.properties) for log in logs), process


def test_stored_data_is_encrypted():
    for bucket in of_type("AWS::S3::Bucket"):
        (rule,) = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    for database in of_type("AWS::RDS::DBCluster", "AWS::RDS::DBInstance"):
        # An instance of a cluster uses the cluster's storage.
        assert database.properties.get("StorageEncrypted") or "DBClusterIdentifier" in database.properties
    for registry in of_type("AWS::ECR::Repository"):
        assert registry.properties["EncryptionConfiguration"] == {"EncryptionType": "AES256"}


def test_the_encryption_test_covers_every_storing_type():
    """AWS always encrypts tables, logs and secrets."""
    names = "Bucket|DBCluster|DBInstance|FileSystem|LogGroup|Queue|Repository|Secret|Stream|Table"
    storing = {"AWS::S3::Bucket", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::ECR::Repository"}
    always_encrypted = {"AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret"}
    may_store = {resource.type for resource in RESOURCES if re.search(rf"::({names})$", resource.type)}

    assert may_store == storing | always_encrypted


def test_buckets_are_private_and_require_tls():
    policies = {policy.properties["Bucket"]: policy for policy in of_type("AWS::S3::BucketPolicy")}
    for bucket in of_type("AWS::S3::Bucket"):
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
        statements = policies[f"{bucket.stack}:{bucket.name}"].properties["PolicyDocument"]["Statement"]
        arn = f"arn:aws:s3:us-east-1:{ACCOUNT}:bucket:{bucket.stack}/{bucket.name}"
        (denied,) = [statement for statement in statements if statement["Effect"] == "Deny"]
        assert denied == {
            "Sid": "OnlyTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": False}},
        }


def test_the_database_is_private_and_requires_tls():
    for parameters in of_type("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup"):
        assert parameters.properties["Parameters"]["rds.force_ssl"] == "1"
        assert parameters.properties["Parameters"]["timezone"] == "UTC"
    for proxy in of_type("AWS::RDS::DBProxy"):
        assert proxy.properties["RequireTLS"] is True
    for instance in of_type("AWS::RDS::DBInstance"):
        assert instance.properties["PubliclyAccessible"] is False


def test_the_proxy_times_out_before_its_clients():
    (targets,) = deploy().stacks["foundation/proxy.yaml"].of_type("AWS::RDS::DBProxyTargetGroup")

    assert 5 <= targets.properties["ConnectionPoolConfigurationInfo"]["ConnectionBorrowTimeout"] <= 10


def test_only_the_load_balancer_is_open_to_the_world():
    open_groups = {
        group.stack
        for group in of_type("AWS::EC2::SecurityGroup")
        for rule in group.properties.get("SecurityGroupIngress", [])
        if "CidrIp" in rule
    }

    assert open_groups == {"ecs/load-balancer.yaml"}
    assert [rule for rule in of_type("AWS::EC2::SecurityGroupIngress") if "CidrIp" in rule.properties] == []


@pytest.mark.parametrize("engine", ["instance", "aurora"])
def test_production_is_protected(engine: str):
    production = deploy(Stage="prd", Production="yes", Engine=engine, Exec="yes")
    (database,) = databases_in(production)
    assert database.properties["DeletionProtection"] is True
    assert database.properties["BackupRetentionPeriod"] >= 7
    assert has_standby(production)
    assert not has_standby(deploy(Stage="staging", Engine=engine))
    (service,) = production.stacks["ecs/fargate.yaml"].of_type("AWS::ECS::Service")

    assert service.properties["EnableExecuteCommand"] is False


@pytest.mark.parametrize("engine", ["instance", "aurora"])
def test_other_stages_can_be_destroyed_and_opened(engine: str):
    stage = deploy(Stage="hml", Engine=engine, Exec="yes")

    (database,) = databases_in(stage)
    assert database.properties["DeletionProtection"] is False
    assert database.properties["BackupRetentionPeriod"] == 7
    assert not has_standby(stage)
    (service,) = stage.stacks["ecs/fargate.yaml"].of_type("AWS::ECS::Service")
    assert service.properties["EnableExecuteCommand"] is True


@pytest.mark.parametrize("engine", ["instance", "aurora"])
@pytest.mark.parametrize("credentials", ["iam", "secretsmanager"])
def test_every_exported_log_of_the_database_is_limited(engine: str, credentials: str):
    (database,) = databases_in(deploy(Engine=engine, Credentials=credentials))
    kind = database.type.removeprefix("AWS::RDS::DB").lower()
    exported = [f"/aws/rds/{kind}/webapp-dev/{log}" for log in database.properties["EnableCloudwatchLogsExports"]]

    assert database_log_groups("webapp-dev", POSTGRESQL, engine, credentials) == exported


def has_standby(deployment: Deployment) -> bool:
    """Return whether the database continues in the other zone; an Aurora cluster needs a second instance for that."""
    (database,) = databases_in(deployment)
    members = [
        each
        for each in deployment.of_type("AWS::RDS::DBInstance")
        if each.properties.get("DBClusterIdentifier") == f"{database.stack}:{database.name}"
    ]
    return database.properties.get("MultiAZ") is True or len(members) == 2


def test_token_logins_have_enough_memory():
    """RDS checks tokens only with up to 1,000 MiB of free memory, and a micro instance has 1 GB in all."""
    (instance,) = databases_in(deploy(Engine="instance", Credentials="iam"))

    assert instance.properties["DBInstanceClass"] == "db.t4g.small"


def test_aurora_has_the_capacity_that_rds_proxy_needs():
    (cluster,) = databases_in(deploy(Engine="aurora"))

    assert cluster.properties["ServerlessV2ScalingConfiguration"]["MinCapacity"] >= 2


def test_only_data_is_protected():
    stacks = deploy(Production="yes").stacks
    (balancer,) = stacks["ecs/load-balancer.yaml"].of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")

    # A protected load balancer would block the rollback of a failed creation and the destruction of the stack.
    attributes = {each["Key"]: each["Value"] for each in balancer.properties["LoadBalancerAttributes"]}
    assert "deletion_protection.enabled" not in attributes


@pytest.mark.parametrize("engine", ["instance", "aurora"])
def test_data_outlives_its_stack(engine: str):
    deployment = deploy(Engine=engine)
    pictures = deployment.stacks["foundation/storage.yaml"].resources["MediaBucket"]

    (database,) = databases_in(deployment)
    assert database.policies == {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    assert pictures.policies == {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def test_a_failed_creation_retains_no_resource():
    """A retained resource of a failed stack belongs to no stack, and its fixed name would block the next creation."""
    policies = {resource.policies.get("DeletionPolicy", "Delete") for resource in RESOURCES}

    assert policies == {"Delete", "RetainExceptOnCreate", "Snapshot"}


def databases_in(deployment: Deployment) -> list[Resource]:
    """Return the databases that hold data; an instance of a cluster holds none itself."""
    databases = deployment.stacks["foundation/database.yaml"].of_type("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
    return [
        each for each in databases if each.type == "AWS::RDS::DBCluster" or "DBClusterIdentifier" not in each.properties
    ]


# --- logins ----------------------------------------------------------------------------------------------


def test_the_web_login_alternates_between_two_users():
    deployment = deploy(Credentials="secretsmanager", Egress="nat")
    secrets = deployment.stacks["foundation/secrets.yaml"].resources
    written = json.loads(secrets["WebLogin"].properties["GenerateSecretString"]["SecretStringTemplate"])
    schedules = deployment.stacks["foundation/rotation.yaml"].resources
    rotation = schedules["WebLoginRotation"].properties["HostedRotationLambda"]

    assert rotation["RotationType"] == "PostgreSQLMultiUser"
    # `masterarn` names the administrator's secret; SuperuserSecretArn permits the rotation to read it.
    assert written == {"username": "webapp", "masterarn": deployment.exported("operations-secret")}
    assert rotation["SuperuserSecretArn"] == deployment.exported("operations-secret")


def test_every_login_by_secret_is_rotated():
    deployment = deploy(Credentials="secretsmanager", Egress="nat")
    rotated = {
        resource.properties["SecretId"]
        for resource in deployment.resources
        if resource.type == "AWS::SecretsManager::RotationSchedule"
    }

    assert rotated == {deployment.exported("web-login"), deployment.exported("operations-secret")}


@pytest.mark.parametrize("engine", ["instance", "aurora"])
def test_token_credentials_need_no_password(engine: str):
    deployment = deploy(Credentials="iam", Engine=engine)
    secrets = [resource.name for resource in deployment.resources if resource.type == "AWS::SecretsManager::Secret"]
    (database,) = databases_in(deployment)

    assert secrets == ["ApplicationKey"]
    assert database.properties["MasterUserAuthenticationType"] == "iam-db-auth"
    assert "MasterUserPassword" not in database.properties


def test_a_deploy_does_not_reset_the_task_count():
    for service in of_type("AWS::ECS::Service"):
        assert "DesiredCount" not in service.properties
