"""The shipped policies allow what the verbs and the templates need, and nothing that neither needs."""

import ast
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from django_runtimes.deploy.deploying_role import LONGEST_POLICY
from django_runtimes.deploy.preflight.preflight import CHECKS
from tests.deploy.standin.cloudformation.schemas import schema
from tests.deploy.templates.analysis.stacks import TEMPLATES, read_template, template_names

pytestmark = pytest.mark.profile_free

POLICIES = TEMPLATES / "deploying-role"
VERBS = TEMPLATES.parent / "src" / "django_runtimes" / "deploy"
# An administrator creates account.yaml by hand, once per account.
BY_HAND = {"foundation/account.yaml"}

CLIENTS = {"client", "brief_client", "patient_client"}
# IAM's names where they differ from botocore's.
IAM_NAMES = {
    "accessanalyzer:": "access-analyzer:",
    "cloudcontrol:": "cloudformation:",
    "elbv2:": "elasticloadbalancing:",
    "sesv2:": "ses:",
    "service-quotas:": "servicequotas:",
    "lambda:Invoke": "lambda:InvokeFunction",
}

# What handlers may call for properties that no template has. Patterns, each with the reason.
UNUSED = {
    "services that no template uses": (
        *("autoscaling:*", "cognito-idp:*", "docdb-elastic:*", "elasticfilesystem:*"),
        *("firehose:*", "kinesis:*", "redshift*:*", "s3files:*", "s3tables:*", "vpc-lattice:*"),
        *("vpce:*",),
    ),
    "connection groups, staging and private origins of distributions": (
        *("cloudfront:*ConnectionGroup", "cloudfront:UpdateDistributionWithStagingConfig", "cloudfront:GetVpcOrigin"),
    ),
    "AWS's own keys need no grants": ("kms:*", "logs:*ssociateKmsKey"),
    "rows, objects and log lines, which a deploy neither reads nor writes": (
        *("dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan", "logs:CreateLogStream", "logs:PutLogEvents"),
        *("s3:*etObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:GetObject*", "s3:REST.PUT.OBJECT"),
    ),
    "global tables, imports, streams and policies of tables": (
        *("dynamodb:*TableReplica", "dynamodb:*ableKinesisStreamingDestination", "dynamodb:ImportTable"),
        *("dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy", "dynamodb:UpdateContributorInsights"),
        "dynamodb:UpdateKinesisStreamingDestination",
    ),
    "VPNs, transfers of addresses, IPv6 and private NAT": (
        *("ec2:AttachVpnGateway", "ec2:DetachVpnGateway", "ec2:AcceptAddressTransfer", "ec2:ModifyVpcTenancy"),
        *("ec2:*ssociateSubnetCidrBlock", "ec2:*ssignPrivateNatGatewayAddress", "ec2:*ssociateNatGatewayAddress"),
        *("ec2:CreateVpcEncryptionControl", "ec2:AssociateAddress", "ec2:DisassociateAddress", "ec2:DescribeInstances"),
    ),
    "users, groups and boundaries": ("iam:*Group*", "iam:*User*", "iam:*PermissionsBoundary", "iam:ListRoles"),
    "code signing, layers, recursion and other settings of functions": (
        *("lambda:PutFunctionCodeSigningConfig", "lambda:DeleteFunctionCodeSigningConfig"),
        *("lambda:PutFunctionRecursionConfig", "lambda:PutRuntimeManagementConfig", "lambda:AssociateRuntimeAlias"),
    ),
    "indexes, data protection and tokens of logs": (
        *("logs:PutIndexPolicy", "logs:DeleteIndexPolicy", "logs:PutDataProtectionPolicy"),
        *("logs:DeleteDataProtectionPolicy", "logs:PutBearerTokenAuthentication", "logs:PutLogGroupDeletionProtection"),
        "sns:PutDataProtectionPolicy",
    ),
    "metadata tables, websites, replication and other settings of buckets": (
        *("s3:*BucketMetadata*TableConfiguration", "s3:PutAccelerateConfiguration", "s3:*AnalyticsConfiguration"),
        *("s3:PutInventoryConfiguration", "s3:PutIntelligentTieringConfiguration", "s3:*Replication*"),
        *("s3:*BucketWebsite", "s3:*MetricsConfiguration", "s3:PutBucketAbac", "s3:Put*ObjectLockConfiguration"),
        "s3:DeleteBucketCors",
    ),
    "replicas, global clusters, restores to a time and roles of databases": (
        *("secretsmanager:*Region*", "rds:*RoleToDB*", "rds:*RoleFromDB*", "rds:RemoveFromGlobalCluster"),
        *("rds:*ToPointInTime", "rds:*ReadReplica", "rds:*BackupsReplication"),
    ),
    "resource policies of REST APIs": ("apigateway:UpdateRestApiPolicy",),
    "machines outside AWS, address pools and settings of the account": (
        *("codedeploy:RegisterOnPremisesInstance", "elasticloadbalancing:ModifyCapacityReservation"),
        *("elasticloadbalancing:ModifyIpPools", "elasticloadbalancing:*egisterTargets", "ecs:PutAccountSetting*"),
        *("application-autoscaling:PutScheduledAction", "application-autoscaling:DeleteScheduledAction"),
    ),
}
# Actions of neither a handler's list nor the verbs' own calls, each with its reason.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html lists those of an access log.
ADDED = {
    "ecr:BatchCheckLayerAvailability": "docker and podman push",
    "ecr:BatchGetImage": "docker and podman push",
    "ecr:CompleteLayerUpload": "docker and podman push",
    "ecr:GetDownloadUrlForLayer": "Lambda checks that the caller may read the image",
    "ecr:InitiateLayerUpload": "docker and podman push",
    "ecr:PutImage": "docker and podman push",
    "ecr:UploadLayerPart": "docker and podman push",
    "logs:GetLogDelivery": "the access log of an HTTP API, which its schema leaves out",
    "logs:ListLogDeliveries": "the access log of an HTTP API, which its schema leaves out",
    "logs:UpdateLogDelivery": "the access log of an HTTP API, which its schema leaves out",
    "serverlessrepo:GetCloudFormationTemplate": "the macro of rotation.yaml reads AWS's functions",
}


def statements() -> list[dict[str, Any]]:
    return [each for path in POLICIES.glob("*.json") for each in json.loads(path.read_text())["Statement"]]


def allowed() -> set[str]:
    return {action for statement in statements() for action in statement["Action"]}


def actions_of_templates() -> set[str]:
    """Return what CloudFormation's handlers of the templates' resource types may call."""
    types = {
        resource["Type"]
        for name in template_names()
        if name not in BY_HAND
        for resource in read_template(name)["Resources"].values()
    }
    return {
        action
        for type_name in types
        for handler in ("create", "read", "update", "delete")
        for action in schema(type_name)["handlers"].get(handler, {}).get("permissions", ())
    }


def is_unused(action: str) -> bool:
    return any(fnmatchcase(action, pattern) for patterns in UNUSED.values() for pattern in patterns)


@cache
def operations(service: str) -> dict[str, str]:
    """Return a service's operations by the name of boto3's method."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def calls_of_verbs() -> set[str]:
    """Return the actions of all calls in the verbs' source; a module without a client may get any of the services."""
    modules = {path: ast.parse(path.read_text()) for path in VERBS.rglob("*.py")}
    every = {service for module in modules.values() for service in services_of(module)}
    return {
        iam_name(service, operations(service)[method])
        for module in modules.values()
        for method in methods_of(module)
        for service in set(services_of(module)) or every
        if method in operations(service)
    }


def services_of(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLIENTS:
            yield from (part.value for part in node.args[:1] if isinstance(part, ast.Constant))


def methods_of(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
            if node.func.attr == "get_paginator":
                yield from (part.value for part in node.args if isinstance(part, ast.Constant))


def iam_name(service: str, operation: str) -> str:
    action = f"{service}:{operation}"
    for name, iam in IAM_NAMES.items():
        action = re.sub(f"^{name}$" if not name.endswith(":") else f"^{name}", iam, action)
    return action


def test_the_policies_allow_what_the_verbs_call():
    calls = calls_of_verbs()

    assert {"cloudformation:CreateChangeSet", "rds:DescribeDBInstances", "cloudformation:GetResource"} <= calls
    assert calls - allowed() == set()


def test_the_policies_allow_what_the_preflight_asks():
    assert {action for check in CHECKS for action in check.actions} - allowed() == set()


def test_the_policies_allow_what_cloudformation_calls():
    needed = actions_of_templates()

    assert len(needed) > 300
    assert {action for action in needed if not is_unused(action)} - allowed() == set()


def test_the_policies_allow_nothing_else():
    assert allowed() - actions_of_templates() - calls_of_verbs() - ADDED.keys() == set()


def test_no_exception_covers_the_service_of_a_type():
    """A pattern such as events:* would hide that a type of this service cannot be created."""
    types = {each["Type"] for name in template_names() for each in read_template(name)["Resources"].values()}
    of_types = {f"{type_name.split('::')[1].lower()}:*" for type_name in types}
    patterns = {pattern for patterns in UNUSED.values() for pattern in patterns}

    assert of_types & patterns == set()


def test_every_exception_is_one():
    needed = actions_of_templates()
    patterns = [pattern for patterns in UNUSED.values() for pattern in patterns]

    assert [pattern for pattern in patterns if not any(fnmatchcase(each, pattern) for each in needed)] == []
    assert ADDED.keys() <= allowed()


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("scheduler:CreateScheduleGroup", "schedule-group/PROJECT-dev"),
        ("scheduler:CreateSchedule", "schedule/PROJECT-dev/clearsessions"),
        ("scheduler:GetSchedule", "schedule/PROJECT-dev/clearsessions"),
    ],
)
def test_the_policies_allow_the_schedules_of_a_stage(action: str, resource: str):
    """AWS's service authorization reference has the form of the ARNs."""
    patterns = [each for statement in statements() if action in statement["Action"] for each in statement["Resource"]]
    arn = f"arn:PARTITION:scheduler:REGION:ACCOUNT:{resource}"

    assert any(fnmatchcase(arn, pattern) for pattern in patterns)


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.json")), ids=lambda path: path.stem)
def test_a_policy_is_short_enough_for_iam(path: Path):
    longest = {"PARTITION": "aws-us-gov", "REGION": "ap-northeast-1", "ACCOUNT": "123456789012", "PROJECT": "p" * 21}
    text = re.sub(r"\s", "", path.read_text())
    for name, value in longest.items():
        text = text.replace(name, value)

    assert len(text) <= LONGEST_POLICY


def test_only_the_projects_own_roles_can_be_changed():
    for statement in statements():
        if any(action.startswith("iam:") for action in statement["Action"]):
            read_only = set(statement["Action"]) <= {"iam:GetRole", "iam:SimulatePrincipalPolicy"}
            of_services = statement["Resource"] == ["arn:PARTITION:iam::ACCOUNT:role/aws-service-role/*"]
            own = all(":role/PROJECT-" in each or ":policy/PROJECT-" in each for each in statement["Resource"])
            assert read_only or of_services or own, statement["Sid"]
