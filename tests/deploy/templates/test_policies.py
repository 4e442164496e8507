"""Each role has exactly the permissions that its users need."""

import copy
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.client
import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import override_settings
from storages.backends.s3 import S3Storage

from django_runtimes.files import incoming
from django_runtimes.files.direct_upload import DirectUpload
from django_runtimes.files.sent_upload import announced_upload
from moto import mock_aws
from tests.deploy.templates.analysis.mutations import mutate
from tests.deploy.templates.analysis.permissions import Call, granted_permissions, may_make, permission_mismatches
from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.stacks import (
    DATA_API,
    MEASUREMENT_KEY_ARN,
    TEMPLATES,
    Deployment,
    deploy,
    read_template,
    template_names,
)
from tests.deploy.templates.analysis.variants import DEPLOYMENTS

pytestmark = pytest.mark.profile_free


# S3's permissions and its calls have different names; True marks permissions on objects.
S3_PERMISSIONS = {
    "AbortMultipartUpload": {"s3:AbortMultipartUpload": True},
    "CopyObject": {"s3:GetObject": True, "s3:PutObject": True},
    "CompleteMultipartUpload": {"s3:PutObject": True},
    "CreateMultipartUpload": {"s3:PutObject": True},
    "DeleteObject": {"s3:DeleteObject": True},
    "GetObject": {"s3:GetObject": True},
    # Without ListBucket, S3 answers 403 instead of 404 for a missing object.
    "HeadObject": {"s3:GetObject": True, "s3:ListBucket": False},
    "ListObjects": {"s3:ListBucket": False},
    "PutObject": {"s3:PutObject": True},
    "UploadPart": {"s3:PutObject": True},
    "UploadPartCopy": {"s3:GetObject": True, "s3:PutObject": True},
}

LAMBDA, STORAGE = "lambda/template.yaml", "foundation/storage.yaml"
VARIANTS = [
    {},
    {"Credentials": "secretsmanager", "Egress": "nat"},
    {"Engine": "aurora", "FrontDoor": "function_url", "WarmUp": "yes", "Exec": "yes"},
    {"Engine": "aurora", "Credentials": "secretsmanager", "Production": "yes", "Exec": "yes"},
    {"MeasurementKeyArn": MEASUREMENT_KEY_ARN, "Exec": "yes"},
    {"Store": "dynamodb"},
    {"StaticFiles": "cloudfront"},
    {"MailIdentity": "example.com", "MailFrom": "shop@example.com"},
    DATA_API,
    {**DATA_API, "Store": "dynamodb", "StaticFiles": "bucket", "WarmUp": "yes", "Production": "yes"},
]


@contextmanager
def recorded_calls() -> Iterator[set[tuple[str, str]]]:
    """Yield the set of AWS calls, (service, operation), made through boto3 in the block."""
    recorded: set[tuple[str, str]] = set()
    make_call = botocore.client.BaseClient._make_api_call

    def record(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        recorded.add((client.meta.service_model.service_name, operation))
        return make_call(client, operation, parameters)

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr(botocore.client.BaseClient, "_make_api_call", record)
        yield recorded


def exercise_storage() -> None:
    """Use a storage in every way that Django's file fields do, with uploads in one part and in several."""
    storage = S3Storage(bucket_name="pictures")
    for name, size in {"small.png": 10, "large.png": 9 * 2**20}.items():
        storage.save(name, io.BytesIO(b"x" * size))
        with storage.open(name) as picture:
            picture.read()
        assert storage.exists(name)
        assert storage.size(name) == size
        storage.listdir("")
        storage.delete(name)
    assert not storage.exists("small.png")


def exercise_direct_uploads() -> None:
    """Accept an upload that is copied at once, and one that is copied in parts."""
    backend = {"BACKEND": "django_runtimes.files.s3_upload_storage.S3UploadStorage"}
    storages = {"default": backend | {"OPTIONS": {"bucket_name": "pictures"}}}
    with override_settings(STORAGES=storages), pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "on_commit", lambda remove: remove())
        for size in (10, 9 * 2**20):
            sent = announced_upload("a.png", size, "image/png")
            # The browser uses the permission of the role that has signed its POST.
            incoming.permission(sent)
            boto3.client("s3").put_object(Bucket="pictures", Key=sent.key, Body=b"x" * size, ContentType="image/png")
            upload = DirectUpload(sent, "")
            upload.verify()
            upload.read()
            default_storage.save("accepted.png", upload)
            assert incoming.arrived(sent) is None


@pytest.fixture(scope="module")
def media_actions() -> dict[str, bool]:
    with recorded_calls() as calls:
        boto3.client("s3").create_bucket(Bucket="pictures")
        calls.clear()
        exercise_storage()
        exercise_direct_uploads()
    # Only an upload that fails half-way is aborted, and none fails here.
    operations = {operation for _, operation in calls} | {"AbortMultipartUpload"}
    return {action: where for operation in operations for action, where in S3_PERMISSIONS[operation].items()}


@pytest.mark.parametrize("parameters", VARIANTS, ids=lambda parameters: ",".join(parameters.values()) or "defaults")
def test_every_role_has_exactly_the_permissions_it_needs(parameters: dict[str, str], media_actions: dict[str, bool]):
    assert permission_mismatches(deploy(**parameters), media_actions) == []


def test_a_missing_permission_is_found(media_actions: dict[str, bool]):
    template = copy.deepcopy(read_template("foundation/storage.yaml"))
    statements = template["Resources"]["MediaPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    statements[0]["Action"].remove("s3:DeleteObject")

    found = permission_mismatches(deploy({"foundation/storage.yaml": template}), media_actions)

    assert {action for difference in found for action, _ in difference.missing} == {"s3:DeleteObject"}
    assert "lambda/template.yaml Role" in {difference.role for difference in found}
    assert not any(difference.unused for difference in found)


def test_an_unused_permission_is_found(media_actions: dict[str, bool]):
    template = copy.deepcopy(read_template("operations/template.yaml"))
    policy, _ = template["Resources"]["Role"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"].append({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})

    (found,) = permission_mismatches(deploy({"operations/template.yaml": template}), media_actions)

    assert found.role == "operations/template.yaml Role"
    assert found.unused == {("s3:*", "*")}


INLINE = (LAMBDA, "Role/Properties/Policies/0/PolicyDocument/Statement/0")
PICTURES = (STORAGE, "MediaPolicy/Properties/PolicyDocument/Statement/0")
ON_PICTURES = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize(
    ("template", "path", "statement"),
    [
        (*INLINE, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}),
        (*INLINE, {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"some:Key": True}}}),
        (*PICTURES, {**ON_PICTURES, "Condition": {"Bool": {"aws:SecureTransport": False}}}),
        (*PICTURES, {**ON_PICTURES, "Condition": {"StringEquals": {"aws:PrincipalAccount": "1"}}}),
    ],
)
def test_a_permission_revoked_by_denial_or_condition_is_found(
    template: str, path: str, statement: dict[str, Any], media_actions: dict[str, bool]
):
    found = permission_mismatches(deploy(mutate(template, path, statement)), media_actions)

    assert "s3:GetObject" in {
        action for difference in found if difference.role == f"{LAMBDA} Role" for action, _ in difference.missing
    }


def test_a_permission_with_an_impossible_condition_is_unused(media_actions: dict[str, bool]):
    never = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }

    (found,) = permission_mismatches(deploy(mutate(LAMBDA, "Role/Properties/Policies", [inline(never)])), media_actions)

    assert found.unused == {("s3:*", "*")}


def inline(statement: dict[str, Any]) -> dict[str, Any]:
    log = read_template(LAMBDA)["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return {"PolicyName": "log", "PolicyDocument": {"Version": "2012-10-17", "Statement": [*log, statement]}}


def network_actions_of_the_code(deployment: Deployment) -> set[str]:
    """Return the network permissions of the Lambda service that the function's own code may use too."""
    roles = {each.name: each for each in deployment.resources if each.type == "AWS::IAM::Role" and each.stack == LAMBDA}
    (web,) = [process for process in started_processes(deployment) if process.resource.stack == LAMBDA]
    actions = {action for action, _ in granted_permissions(deployment, roles["Role"]) if action.startswith("ec2:")}
    network = [(action, "arn:aws:ec2:us-east-1:123456789012:network-interface/1") for action in actions]
    assert len(network) == 6
    assert all(may_make(deployment, roles["Role"], Call(permission)) for permission in network)
    return {each[0] for each in network if may_make(deployment, roles["Role"], Call(each, web.function))}


def test_the_code_of_a_function_cannot_change_the_network():
    assert network_actions_of_the_code(deploy()) == set()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Action/1", None),
        ("Resource", "arn:aws:ec2:us-east-1:123456789012:subnet/1"),
        ("Condition/ArnLike/lambda:SourceFunctionArn", "arn:aws:lambda:us-east-1:123456789012:function:other-*"),
    ],
)
def test_a_gap_in_the_network_denial_is_found(path: str, value: Any):
    denial = "FunctionNetworkPolicy/Properties/PolicyDocument/Statement/1"

    assert network_actions_of_the_code(deploy(mutate("foundation/network.yaml", f"{denial}/{path}", value))) != set()


def test_a_policy_of_another_account_does_not_replace_awss_policy(media_actions: dict[str, bool]):
    strange = ["arn:aws:iam::999999999999:policy/service-role/AWSCodeDeployRoleForLambdaLimited"]

    (found,) = permission_mismatches(
        deploy(mutate(LAMBDA, "ShiftRole/Properties/ManagedPolicyArns", strange)), media_actions
    )

    assert (len(found.missing), len(found.unused)) == (1, 1)


def test_a_wrong_database_user_is_found(media_actions: dict[str, bool]):
    template = copy.deepcopy(read_template("operations/template.yaml"))
    template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]["WEBAPP_DB_OPERATIONS_USER"] = "other"

    (found,) = permission_mismatches(deploy({"operations/template.yaml": template}), media_actions)

    assert [action for action, _ in found.missing] == ["rds-db:connect"]


def test_no_two_jobs_share_a_role():
    for deployment in DEPLOYMENTS:
        processes = started_processes(deployment)
        roles = [process.role for process in processes]
        # Lambda has a single role for both purposes.
        preparing = [process.preparing_role for process in processes if process.preparing_role != process.role]

        assert len(roles) + len(preparing) == len({*roles, *preparing})
        assert len(preparing) == 4


def test_no_role_has_every_action_of_a_service():
    granted = {
        action
        for deployment in DEPLOYMENTS
        for role in deployment.resources
        if role.type == "AWS::IAM::Role"
        for action, _ in granted_permissions(deployment, role)
    }

    assert len(granted) > 10
    assert [action for action in granted if "*" in action] == []


def test_every_resource_wildcard_has_a_comment():
    """The comment is within two lines of the wildcard, or is the suppression above it."""
    unexplained = []
    for name in template_names():
        lines = (TEMPLATES / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if "Resource: '*'" in line and "#" not in "\n".join(lines[number - 2 : number + 3]):
                unexplained.append(f"{name}:{number + 1}")

    assert unexplained == []
