"""Each role may do what the code does that runs with it, and nothing else."""

import ast
import copy
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from moto import mock_aws
from storages.backends.s3 import S3Storage

from tests.deploy.templates.permissions import differences, granted_permissions
from tests.deploy.templates.processes import started_processes
from tests.deploy.templates.stacks import TEMPLATES, deploy, read_template, template_names
from tests.deploy.templates.variants import DEPLOYMENTS
from webapp.config.credentials import StoredSecret
from webapp.database.credentials.secretsmanager import SecretsManagerProvider

pytestmark = pytest.mark.profile_free

SOURCE = Path(__file__).parents[3] / "src" / "webapp"
# They run on a developer's machine, with a developer's rights.
TOOLS = {"compare", "deploy", "doctor"}

# S3's names of permissions are not those of its calls; true for those on an object.
S3_PERMISSIONS = {
    "AbortMultipartUpload": {"s3:AbortMultipartUpload": True},
    "CompleteMultipartUpload": {"s3:PutObject": True},
    "CreateMultipartUpload": {"s3:PutObject": True},
    "DeleteObject": {"s3:DeleteObject": True},
    "GetObject": {"s3:GetObject": True},
    # Without the second, what is not there is refused instead of missed.
    "HeadObject": {"s3:GetObject": True, "s3:ListBucket": False},
    "ListObjects": {"s3:ListBucket": False},
    "PutObject": {"s3:PutObject": True},
    "UploadPart": {"s3:PutObject": True},
}

VARIANTS = [
    {},
    {"Credentials": "secretsmanager", "Egress": "nat"},
    {"Engine": "aurora", "FrontDoor": "function_url", "WarmUp": "yes", "Exec": "yes"},
    {"Engine": "aurora", "Credentials": "secretsmanager", "Stage": "production", "Exec": "yes"},
]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, str]]]:
    """The calls of AWS's services that boto3 is asked for meanwhile."""
    recorded: set[tuple[str, str]] = set()
    make_call = botocore.client.BaseClient._make_api_call

    def record(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        recorded.add((client.meta.service_model.service_name, operation))
        return make_call(client, operation, parameters)

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="pictures")
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", record)
        yield recorded


def use_pictures() -> None:
    """Everything that a storage is asked for by Django's file fields, with a picture in one part and in several."""
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


@pytest.fixture
def media_actions(calls: set[tuple[str, str]]) -> dict[str, bool]:
    use_pictures()
    # An upload that fails half-way is taken back, which no orderly one shows.
    operations = {operation for _, operation in calls} | {"AbortMultipartUpload"}
    return {action: where for operation in operations for action, where in S3_PERMISSIONS[operation].items()}


@pytest.mark.parametrize("parameters", VARIANTS, ids=lambda parameters: ",".join(parameters.values()) or "defaults")
def test_every_role_may_do_what_its_code_does_and_nothing_else(
    parameters: dict[str, str], media_actions: dict[str, bool]
):
    assert differences(deploy(**parameters), media_actions) == []


def test_a_missing_permission_is_found(media_actions: dict[str, bool]):
    template = copy.deepcopy(read_template("foundation/storage.yaml"))
    statements = template["Resources"]["MediaPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    statements[0]["Action"].remove("s3:DeleteObject")

    found = differences(deploy({"foundation/storage.yaml": template}), media_actions)

    assert {action for difference in found for action, _ in difference.missing} == {"s3:DeleteObject"}
    assert "lambda/template.yaml Role" in {difference.role for difference in found}
    assert not any(difference.unused for difference in found)


def test_an_unused_permission_is_found(media_actions: dict[str, bool]):
    template = copy.deepcopy(read_template("operations/template.yaml"))
    (policy,) = template["Resources"]["Role"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"].append({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})

    (found,) = differences(deploy({"operations/template.yaml": template}), media_actions)

    assert found.role == "operations/template.yaml Role"
    assert found.unused == {("s3:*", "*")}


def test_a_role_of_another_database_user_is_found(media_actions: dict[str, bool]):
    template = copy.deepcopy(read_template("operations/template.yaml"))
    template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]["WEBAPP_DB_OPERATIONS_USER"] = "other"

    (found,) = differences(deploy({"operations/template.yaml": template}), media_actions)

    assert [action for action, _ in found.missing] == ["rds-db:connect"]


def test_the_login_by_secret_reads_the_secret_and_nothing_else(calls: set[tuple[str, str]]):
    arn = boto3.client("secretsmanager").create_secret(Name="login", SecretString="only-a-password")["ARN"]
    calls.clear()

    SecretsManagerProvider(StoredSecret(arn, ttl_s=60), user="webapp").login()

    assert calls == {("secretsmanager", "GetSecretValue")}


def test_no_served_code_uses_a_service_that_the_templates_do_not_know():
    services = {
        (path.relative_to(SOURCE).as_posix(), service)
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] not in TOOLS
        for service in services_used(ast.parse(path.read_text()))
    }

    assert services == {("database/credentials/secretsmanager.py", "secretsmanager")}


def services_used(module: ast.Module) -> Iterator[str]:
    """The services that clients and resources of boto3 are made for."""
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr
            in {
                "client",
                "create_client",
                "resource",
            }
        ):
            yield from (part.value for part in node.args[:1] if isinstance(part, ast.Constant))


def test_no_two_jobs_share_a_role():
    for deployment in DEPLOYMENTS:
        processes = started_processes(deployment)
        roles = [process.role for process in processes]
        # On Lambda one role does both, since AWS knows no other.
        preparing = [process.preparing_role for process in processes if process.preparing_role != process.role]

        assert len(roles) + len(preparing) == len({*roles, *preparing})
        assert len(preparing) == 4


def test_no_role_may_do_every_action_of_a_service():
    granted = {
        action
        for deployment in DEPLOYMENTS
        for role in deployment.resources
        if role.type == "AWS::IAM::Role"
        for action, _ in granted_permissions(deployment, role)
    }

    assert len(granted) > 10
    assert [action for action in granted if "*" in action] == []


def test_every_wildcard_of_resources_says_why():
    """In a comment within two lines, or in that of the suppression above."""
    unexplained = []
    for name in template_names():
        lines = (TEMPLATES / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if "Resource: '*'" in line and "#" not in "\n".join(lines[number - 2 : number + 3]):
                unexplained.append(f"{name}:{number + 1}")

    assert unexplained == []
