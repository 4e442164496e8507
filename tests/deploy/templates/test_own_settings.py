"""With a stage's own variables and secrets, the templates stay valid, and one role of each gains exactly them."""

import subprocess
from pathlib import Path

import pytest

from django_runtimes.config.variables.secret_references import parse_secret_reference
from django_runtimes.deploy.catalogue import PROCESS_STACKS, STACKS
from django_runtimes.deploy.own_settings import OwnSettings
from django_runtimes.deploy.templates.process_template import with_own_settings
from django_runtimes.deploy.templates.templates import read_template
from tests.deploy.template_yaml import load_yaml
from tests.deploy.templates.analysis.permissions import granted_permissions
from tests.deploy.templates.analysis.stacks import MEASUREMENT_KEY_ARN, TEMPLATES, Deployment, deploy
from tests.deploy.templates.test_lint import CFN_LINT

pytestmark = pytest.mark.profile_free

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:guestbook/dev/API_KEY-a1B2c3"
OWN = OwnSettings(
    # cfn-lint takes ${…} for a mistake, which CloudFormation leaves as it is.
    {"SITE_NAME": "ünï '\"\\ 🎉", "EMPTY": ""},
    {
        "API_KEY": parse_secret_reference(ARN),
        "PASSWORD": parse_secret_reference(f"{ARN}:password::"),
        "DSN": parse_secret_reference("/guestbook/dsn"),
    },
)
GAINED = {
    ("secretsmanager:GetSecretValue", ARN),
    ("ssm:GetParameters", "arn:aws:ssm:us-east-1:123456789012:parameter/guestbook/dsn"),
}
# The role that reads the secrets, by stack: the function's own, or the one that starts the containers.
READERS = {
    "operations": "Role",
    "operations-task": "ExecutionRole",
    "lambda": "Role",
    "apprunner": "InstanceRole",
    "fargate": "ExecutionRole",
    "express": "ExecutionRole",
}


def bodies() -> dict[str, str]:
    """Return the completed body of each template by its name."""
    return {
        stack.template: with_own_settings(read_template(TEMPLATES, stack), stack.name, OWN, secrets_version="v1").body
        for stack in STACKS
        if stack.name in PROCESS_STACKS
    }


def permissions(deployment: Deployment) -> dict[tuple[str, str], frozenset[tuple[str, str]]]:
    return {
        (role.stack, role.name): granted_permissions(deployment, role) for role in deployment.of_type("AWS::IAM::Role")
    }


def test_cfn_lint_accepts_the_completed_templates(tmp_path: Path):
    paths = []
    for name, body in bodies().items():
        paths.append(tmp_path / f"{name.replace('/', '-')}.json")
        paths[-1].write_text(body)

    linted = subprocess.run(
        [CFN_LINT, "--non-zero-exit-code", "informational", "--", *paths], check=False, capture_output=True, text=True
    )

    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


@pytest.mark.parametrize("parameters", [{}, {"MeasurementKeyArn": MEASUREMENT_KEY_ARN}], ids=["", "measured"])
def test_one_role_of_each_stack_gains_exactly_the_secrets(parameters: dict[str, str]):
    completed = {name: load_yaml(body) for name, body in bodies().items()}

    before = permissions(deploy(Egress="nat", **parameters))
    after = permissions(deploy(completed, Egress="nat", **parameters))

    names = {stack.name: stack.template for stack in STACKS}
    assert READERS.keys() == set(PROCESS_STACKS)
    assert {role: granted - before[role] for role, granted in after.items() if granted != before[role]} == {
        (names[stack], role): GAINED for stack, role in READERS.items()
    }
    assert all(before[role] <= granted for role, granted in after.items())
