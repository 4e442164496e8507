"""Compares the permissions that the templates grant to each role with the permissions that its users need."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.config.databases.credentials import IamToken, StoredSecret
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.databases.web_login import read_web_login
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.choices import Role
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_login import (
    DB_ADMINISTRATOR_SECRET_ARN,
    DB_ROLE,
    DB_SECRET_ARN,
)
from django_runtimes.stores.dynamodb import dynamodb_table
from tests.deploy.templates.analysis.processes import Process, started_processes
from tests.deploy.templates.analysis.stacks import Deployment, Resource
from tests.deploy.templates.analysis.statements import ACCOUNT, Context, Permission, Statement, allows, listed

_OPERATION = re.compile(r'_(?:call|attempt|in_parts)\(\s*"(\w+)"')
_REGISTRY = "foundation/registry.yaml"
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
_JOIN_NETWORK = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
_DATA_API = (
    "BatchExecuteStatement",
    "BeginTransaction",
    "CommitTransaction",
    "ExecuteStatement",
    "RollbackTransaction",
)
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
_OPEN_SHELL = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
# AWS maintains a managed policy for each of these resource types.
_AWS_POLICIES = {
    "AWS::CodeDeploy::DeploymentGroup": "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited",
    "AWS::ECS::ExpressGatewayService": (
        "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRoleforExpressGatewayServices"
    ),
    "AWS::Lambda::CapacityProvider": "arn:aws:iam::aws:policy/AWSLambdaManagedEC2ResourceOperator",
}


@dataclass(frozen=True)
class Call:
    """A call made with a role, either by the code of the function with this ARN or by a service or container."""

    permission: Permission
    function: str | None = None

    @property
    def context(self) -> Context:
        return {
            "aws:SecureTransport": "true",
            "aws:PrincipalAccount": ACCOUNT,
            "aws:RequestedRegion": "us-east-1",
            # AWS sets this key on calls from a function's code, but not on the service's own calls.
            "lambda:SourceFunctionArn": self.function,
            # ECS sends these keys when a task is started, here by EventBridge Scheduler.
            "ecs:cluster": "arn:aws:ecs:us-east-1:123456789012:cluster:operations/task.yaml/Cluster",
            "iam:PassedToService": "ecs-tasks.amazonaws.com",
        }


@dataclass(frozen=True)
class PermissionMismatch:
    """The missing and unused permissions of a role."""

    role: str
    missing: frozenset[Permission]
    unused: frozenset[Permission]


def permission_mismatches(deployment: Deployment, media_actions: Mapping[str, bool]) -> list[PermissionMismatch]:
    """Return every role with missing or unused permissions; `media_actions` is passed to `needed_calls`.

    A permission is unused if its condition never holds, and missing if a condition or a denial blocks a needed call.
    """
    needed = needed_calls(deployment, media_actions)
    found = []
    for role in (resource for resource in deployment.resources if resource.type == "AWS::IAM::Role"):
        calls = needed.get(_arn(role), frozenset())
        missing = frozenset(call.permission for call in calls if not may_make(deployment, role, call))
        unused = granted_permissions(deployment, role) - {call.permission for call in calls}
        if missing or unused:
            found.append(PermissionMismatch(f"{role.stack} {role.name}", missing, unused))
    return found


def granted_permissions(deployment: Deployment, role: Resource) -> frozenset[Permission]:
    """Return the permissions in the role's policies, whatever their conditions; AWS's own policies appear as ARNs."""
    statements, by_aws = _policies(deployment, role)
    granted = {
        (action, resource)
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    return frozenset(granted | by_aws)


def may_make(deployment: Deployment, role: Resource, call: Call) -> bool:
    """Return whether the role's policies allow the call."""
    statements, by_aws = _policies(deployment, role)
    return call.permission in by_aws or allows(statements, call.permission, call.context)


def _policies(deployment: Deployment, role: Resource) -> tuple[list[Statement], set[Permission]]:
    assert role.properties.keys() <= {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "Tags"}, role
    own = {_arn(resource): resource for resource in deployment.resources if resource.type == "AWS::IAM::ManagedPolicy"}
    statements: list[Statement] = []
    by_aws: set[Permission] = set()
    for arn in role.properties.get("ManagedPolicyArns", []):
        if arn in own:
            statements += own[arn].properties["PolicyDocument"]["Statement"]
        else:
            by_aws.add((arn, "AWS"))
    for policy in role.properties.get("Policies", []):
        statements += policy["PolicyDocument"]["Statement"]
    return statements, by_aws


def needed_calls(deployment: Deployment, media_actions: Mapping[str, bool]) -> dict[str, frozenset[Call]]:
    """Map each role's ARN to the calls made with it; `media_actions` maps S3 actions to whether they act on objects."""
    needed: dict[str, set[Call]] = {}

    def add(role: str, permissions: Iterable[Permission], function: str | None = None) -> None:
        needed.setdefault(role, set()).update(Call(permission, function) for permission in permissions)

    for process in started_processes(deployment):
        add(process.role, _of_code(deployment, process, media_actions), process.function)
        add(process.secrets_role, _of_secrets(process))
        add(process.preparing_role, _of_preparation(deployment, process))
    for resource in deployment.resources:
        for role, permission in _of_service(deployment, resource):
            add(role, [permission])
    return {role: frozenset(calls) for role, calls in needed.items()}


def _of_code(deployment: Deployment, process: Process, media_actions: Mapping[str, bool]) -> set[Permission]:
    environment = Environment(process.environ)
    profile = choose_profile(detect_runtime(process.environ).runtime, environment)
    database = database_settings(environment, profile)
    needed: set[Permission] = set()
    if profile.route is Route.DATA_API:
        # The service reads the secret with the caller's permissions.
        options = database["OPTIONS"]
        needed |= {(f"rds-data:{operation}", options["cluster_arn"]) for operation in _DATA_API}
        needed.add(("secretsmanager:GetSecretValue", options["secret_arn"]))
    match database["CREDENTIALS"]:
        case IamToken():
            needed.add(("rds-db:connect", _login(deployment, database["HOST"], database["USER"])))
        case StoredSecret(arn=arn):
            needed.add(("secretsmanager:GetSecretValue", arn))
    if environment[DB_ROLE] is Role.OPERATIONS:
        # `webapp create_web_role` reads the web login's secret.
        credentials = read_web_login(environment, route=profile.route).credentials
        web_secret = credentials.arn if isinstance(credentials, StoredSecret) else environment[DB_SECRET_ARN]
        if web_secret is not None:
            needed.add(("secretsmanager:GetSecretValue", web_secret))
        if (administrator := environment[DB_ADMINISTRATOR_SECRET_ARN]) is not None:
            needed.add(("secretsmanager:GetSecretValue", administrator))
    bucket = process.declared.get("WEBAPP_MEDIA_BUCKET")
    if bucket is not None:
        (arn,) = [_arn(resource) for resource in deployment.resources if _identity(resource) == bucket]
        needed |= {(action, f"{arn}/*" if on_objects else arn) for action, on_objects in media_actions.items()}
    bucket = process.declared.get("WEBAPP_STATIC_BUCKET")
    if bucket is not None:
        (arn,) = [_arn(resource) for resource in deployment.resources if _identity(resource) == bucket]
        # Files of several megabytes are sent in parts.
        needed |= {("s3:ListBucket", arn), ("s3:PutObject", f"{arn}/*"), ("s3:AbortMultipartUpload", f"{arn}/*")}
    if process.declared.get("WEBAPP_MAIL") == "ses":
        # SES asks for the second one too if the message is raw, as the library's are.
        needed |= {
            (action, f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com")
            for action in ("ses:SendEmail", "ses:SendRawEmail")
        }
    store = process.declared.get("WEBAPP_STORE_URL")
    if store is not None:
        table = store.removeprefix("dynamodb://")
        (arn,) = [_arn(resource) for resource in deployment.resources if _identity(resource) == table]
        needed |= {(f"dynamodb:{operation}", arn) for operation in _store_operations()}
    return needed


def _store_operations() -> set[str]:
    """Return the operations that the store calls while the application runs."""
    called = set(_OPERATION.findall(Path(dynamodb_table.__file__).read_text()))
    # `webapp create_store_table` runs with a developer's permissions.
    return called - {"CreateTable", "DescribeTable", "UpdateTimeToLive"}


def _of_secrets(process: Process) -> Iterator[Permission]:
    yield from (("secretsmanager:GetSecretValue", arn) for arn in process.secrets.values())


def _of_preparation(deployment: Deployment, process: Process) -> Iterator[Permission]:
    """Yield the service's own calls before the code runs: pull the image, write logs, join the network."""
    if process.resource.type == "AWS::Lambda::Function":
        # Lambda pulls the image itself; the registry's own policy allows it.
        log = process.resource.properties["LoggingConfig"]["LogGroup"]
        if "VpcConfig" in process.resource.properties:
            yield from ((action, "*") for action in _JOIN_NETWORK)
    else:
        (registry,) = deployment.stacks[_REGISTRY].of_type("AWS::ECR::Repository")
        yield from ((action, _arn(registry)) for action in _PULL)
        yield ("ecr:GetAuthorizationToken", "*")
        if process.resource.type == "AWS::AppRunner::Service":
            # https://docs.aws.amazon.com/apprunner/latest/dg/security_iam_service-with-iam.html
            yield ("ecr:DescribeImages", _arn(registry))
        log = _log_of(process)
    if log is not None:
        (arn,) = [_arn(resource) for resource in deployment.resources if _identity(resource) == log]
        yield from ((action, arn) for action in _WRITE_LOGS)


def _of_service(deployment: Deployment, resource: Resource) -> Iterator[tuple[str, Permission]]:
    properties = resource.properties
    match resource.type:
        case "AWS::Scheduler::Schedule" if "EcsParameters" in properties["Target"]:
            role = properties["Target"]["RoleArn"]
            family = properties["Target"]["EcsParameters"]["TaskDefinitionArn"]
            (task,) = deployment.stacks["operations/task.yaml"].of_type("AWS::ECS::TaskDefinition")
            # ECS asks for the family, and for the revision that it finds.
            yield from ((role, ("ecs:RunTask", definition)) for definition in (family, f"{family}:*"))
            for passed in ("TaskRoleArn", "ExecutionRoleArn"):
                yield role, ("iam:PassRole", task.properties[passed])
        case "AWS::Scheduler::Schedule":
            yield properties["Target"]["RoleArn"], ("lambda:InvokeFunction", properties["Target"]["Arn"])
        case "AWS::EC2::FlowLog":
            (log,) = [other for other in deployment.resources if _identity(other) == properties["LogGroupName"]]
            for action in (*_WRITE_LOGS, "logs:DescribeLogStreams"):
                yield properties["DeliverLogsPermissionArn"], (action, _arn(log))
        case "AWS::RDS::DBProxy" if properties["DefaultAuthScheme"] == "IAM_AUTH":
            host = deployment.exported("database-host")
            yield properties["RoleArn"], ("rds-db:connect", _login(deployment, host, deployment.exported("web-user")))
        case "AWS::RDS::DBProxy":
            for login in properties["Auth"]:
                yield properties["RoleArn"], ("secretsmanager:GetSecretValue", login["SecretArn"])
        case "AWS::ECS::Service" if properties["EnableExecuteCommand"]:
            task = deployment.stacks[resource.stack].resources["Task"]
            for action in _OPEN_SHELL:
                yield task.properties["TaskRoleArn"], (action, "*")
        case "AWS::CodeDeploy::DeploymentGroup":
            yield properties["ServiceRoleArn"], (_AWS_POLICIES[resource.type], "AWS")
        case "AWS::Lambda::CapacityProvider":
            operator = properties["PermissionsConfig"]["CapacityProviderOperatorRoleArn"]
            yield operator, (_AWS_POLICIES[resource.type], "AWS")
        case "AWS::ECS::ExpressGatewayService":
            yield properties["InfrastructureRoleArn"], (_AWS_POLICIES[resource.type], "AWS")


def _login(deployment: Deployment, host: str, user: str) -> str:
    if host == deployment.exported("proxy-host"):
        (proxy,) = deployment.stacks["foundation/proxy.yaml"].of_type("AWS::RDS::DBProxy")
        database = _arn(proxy).split(":")[6]
    else:
        assert host == deployment.exported("database-host")
        database = deployment.exported("database-resource-id")
    return f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:{database}/{user}"


def _log_of(process: Process) -> str | None:
    """Return the process's log group, or None on App Runner, which writes logs without the stack's roles."""
    properties = process.resource.properties
    log: str | None = None
    match process.resource.type:
        case "AWS::ECS::TaskDefinition":
            log = properties["ContainerDefinitions"][0]["LogConfiguration"]["Options"]["awslogs-group"]
        case "AWS::ECS::ExpressGatewayService":
            log = properties["PrimaryContainer"]["AwsLogsConfiguration"]["LogGroup"]
    return log


def _identity(resource: Resource) -> str:
    return f"{resource.stack}:{resource.name}"


def _arn(resource: Resource) -> str:
    _, service, kind = resource.type.lower().split("::")
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{kind}:{resource.stack}/{resource.name}"
