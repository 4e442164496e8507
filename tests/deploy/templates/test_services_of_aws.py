"""The code that runs on AWS calls only services for which the templates grant permissions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.profile_free

SOURCE = Path(__file__).parents[3] / "src"
# The tools run on a developer's machine, with the developer's permissions.
TOOLS = {"compare", "deploy", "doctor"}


def test_served_code_calls_only_known_services_of_aws():
    services = {
        (path.relative_to(SOURCE / "django_runtimes").as_posix(), service)
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[1] not in TOOLS
        for service in services_used(ast.parse(path.read_text()))
    }

    assert services == {
        ("aws/secrets_manager.py", "SECRETS_MANAGER"),
        # Only processes with a stage's own secrets call it, and only their roles may.
        ("aws/parameter_store.py", "PARAMETER_STORE"),
        ("aws/web_identity.py", "STS"),
        ("databases/data_api/service/rds_data.py", "RDS_DATA"),
        ("mail/ses_backend.py", "SES"),
        ("stores/dynamodb/dynamodb_table.py", "DYNAMODB"),
    }


@pytest.mark.parametrize(
    ("module", "operation"),
    [("secrets_manager", "secretsmanager.GetSecretValue"), ("parameter_store", "AmazonSSM.GetParameters")],
)
def test_a_secret_is_read_with_one_operation(module: str, operation: str):
    parsed = ast.parse((SOURCE / f"django_runtimes/aws/{module}.py").read_text())
    operations = [
        node.args[0].value
        for node in ast.walk(parsed)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "call"
        and isinstance(node.args[0], ast.Constant)
    ]

    assert operations == [operation]


def services_used(module: ast.Module) -> Iterator[str]:
    """Yield the services of the library's client that the module imports, and those of boto3's clients."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "django_runtimes.aws.aws_service":
            yield from (each.name for each in node.names if each.name.isupper())
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
