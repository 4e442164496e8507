"""Variables and secrets that could not work are refused before anything is built or changed, and no secret is read."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.steps.refusals.own_settings_check import check_own_variables
from moto import mock_aws
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

HEAD = """
project = "guestbook"
region = "us-east-1"
[stages.dev]
target = "aws_lambda"
[stages.dev.parameters]
Egress = "nat"
"""
REQUIRED = """
[tool.webapp]
settings = "webapp.settings"
environment = ["SITE_NAME", "API_KEY", "AWS_BUCKET", "AWSAPPRUNNER_X"]
"""
ELSEWHERE = "arn:aws:secretsmanager:us-east-1:999999999999:secret:theirs-a1B2c3"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with mock_aws():
        yield


@pytest.fixture
def check(tmp_path: Path, account: None) -> Callable[..., None]:
    """Checks the variables of a stage with these lines after its head."""

    def checked(lines: str, *, head: str = HEAD, project: str = "") -> None:
        (tmp_path / "webapp.toml").write_text(head + lines)
        (tmp_path / "pyproject.toml").write_text(project)
        consent = Consent(yes=True, dry_run=False)
        check_own_variables(open_context(tmp_path, stage="dev", target=None, consent=consent, progress=Progress()))

    return checked


def secret(name: str, **more: Any) -> str:
    made: dict[str, str] = boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name=name, **more)
    return made["ARN"]


def error_text(check: Callable[..., None], lines: str, **more: str) -> str:
    with pytest.raises(ToolError) as raised:
        check(lines, **more)
    return str(raised.value)


def test_a_complete_stage_is_accepted(check):
    arn = secret("key", SecretString="hunter2")
    boto3.client("ssm", region_name="us-east-1").put_parameter(Name="/dsn", Value="x", Type="SecureString")

    check(
        '[stages.dev.environment]\nSITE_NAME = ""\nAWS_BUCKET = "b"\n'
        f'[stages.dev.secrets]\nAPI_KEY = "{arn}"\nDSN = "/dsn"\n',
        project=REQUIRED,
    )


def test_every_missing_name_is_listed(check):
    assert error_text(check, "", project=REQUIRED) == (
        "SITE_NAME, API_KEY, AWS_BUCKET: [tool.webapp] environment lists it, and the stage dev has no value for it; "
        'write SITE_NAME = "…" under [stages.dev.environment] in webapp.toml, or run `webapp secrets set SITE_NAME '
        "--stage dev`"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            '[stages.dev.environment]\nWEBAPP_WORKERS = "2"\n',
            "[stages.dev.environment] WEBAPP_WORKERS is set by the templates; set Workers in [stages.dev.parameters]",
        ),
        (
            '[stages.dev.environment]\nWEBAPP_DB_HOST = "db"\n',
            "[stages.dev.environment] WEBAPP_DB_HOST is set by the templates; remove it",
        ),
        (
            '[stages.dev.secrets]\nWEBAPP_MEASUREMENT_KEY = "/key"\n',
            "[stages.dev.secrets] WEBAPP_MEASUREMENT_KEY is set by the templates; set MeasurementKeyArn in",
        ),
        (
            f'[stages.dev.secrets]\nAPI_KEY = "{ELSEWHERE}"\n',
            "[stages.dev.secrets] API_KEY is a secret of the account 999999999999, but the stage is in 123456789012",
        ),
        (
            f'[stages.dev.secrets]\nAPI_KEY = "{ELSEWHERE.replace("999999999999", "123456789012")}"\n',
            "[stages.dev.secrets] API_KEY: there is no secret arn:aws:secretsmanager:us-east-1:123456789012:secret:",
        ),
        (
            '[stages.dev.secrets]\nAPI_KEY = "hunter2"\n',
            "[stages.dev.secrets] API_KEY: Parameter Store has no parameter of this name in us-east-1; correct",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(lines: str, expected: str, check):
    message = error_text(check, lines)

    assert message.startswith(expected)
    assert "hunter2" not in message


def test_a_stage_has_either_a_store_of_its_own_or_the_templates_table(check):
    boto3.client("ssm", region_name="us-east-1").put_parameter(Name="/store", Value="x", Type="SecureString")
    own = '[stages.dev.secrets]\nWEBAPP_STORE_URL = "/store"\n'

    check(own)
    assert error_text(check, f'{own}[parameters]\nStore = "dynamodb"\n') == (
        "[stages.dev.secrets] WEBAPP_STORE_URL and Store = 'dynamodb' contradict each other; remove one of them from "
        "webapp.toml"
    )


def test_a_stage_has_either_a_static_bucket_of_its_own_or_the_templates(check):
    own = '[stages.dev.environment]\nWEBAPP_STATIC_BUCKET = "shop-static"\n'

    check(own)
    assert error_text(check, f'{own}[parameters]\nStaticFiles = "bucket"\n') == (
        "[stages.dev.environment] WEBAPP_STATIC_BUCKET and StaticFiles = 'bucket' contradict each other; remove one of "
        "them from webapp.toml"
    )


def test_a_stage_has_a_static_host_of_its_own_unless_it_has_a_distribution(check):
    own = '[stages.dev.environment]\nWEBAPP_STATIC_HOST = "static.example.com"\n'

    check(own)
    check(f'{own}[parameters]\nStaticFiles = "bucket"\n')
    assert error_text(check, f'{own}[parameters]\nStaticFiles = "cloudfront"\n') == (
        "[stages.dev.environment] WEBAPP_STATIC_HOST and StaticFiles = 'cloudfront' contradict each other; remove one "
        "of them from webapp.toml"
    )


def test_a_secret_that_is_being_deleted_is_refused(check):
    arn = secret("key", SecretString="hunter2")
    boto3.client("secretsmanager", region_name="us-east-1").delete_secret(SecretId=arn)

    message = error_text(check, f'[stages.dev.secrets]\nAPI_KEY = "{arn}"\n')

    assert f"the secret {arn} is being deleted; `aws secretsmanager restore-secret --secret-id {arn}`" in message


def test_a_secret_with_a_key_of_ones_own_is_refused(check):
    arn = secret("key", SecretString="hunter2", KmsKeyId="alias/mine")

    assert "is encrypted with a key of your own, which the templates' roles may not use" in error_text(
        check, f'[stages.dev.secrets]\nAPI_KEY = "{arn}"\n'
    )


def put_parameter(name: str, **more: Any) -> None:
    boto3.client("ssm", region_name="us-east-1").put_parameter(Name=name, Value="hunter2", **more)


@pytest.mark.parametrize(
    "key", ["alias/mine", "b1e5", "arn:aws:kms:us-east-1:123456789012:key/b1e5", "arn:aws:kms:us-east-1:1:alias/mine"]
)
def test_a_parameter_with_a_key_of_ones_own_is_refused(key: str, check):
    put_parameter("/dsn", Type="SecureString", KeyId=key)

    assert error_text(check, '[stages.dev.secrets]\nDSN = "/dsn"\n') == (
        "[stages.dev.secrets] DSN: the parameter /dsn is encrypted with a key of your own, which the templates' roles "
        "may not use; store it with alias/aws/ssm, or eject the templates and grant kms:Decrypt"
    )


def test_parameters_with_the_key_of_aws_or_without_one_are_accepted(check):
    put_parameter("/dsn", Type="SecureString", KeyId="alias/aws/ssm")
    put_parameter("/plain", Type="String")

    check('[stages.dev.secrets]\nDSN = "/dsn"\nPLAIN = "/plain"\n')


def test_a_secret_without_a_value_is_refused(check):
    arn = secret("key")

    assert f"the secret {arn} has no value; `webapp secrets set API_KEY` stores one" in error_text(
        check, f'[stages.dev.secrets]\nAPI_KEY = "{arn}"\n'
    )


@pytest.mark.parametrize("target", ["aws_lambda", "aws_app_runner", "aws_ecs", "aws_ecs_express"])
def test_secrets_need_a_route_on_every_target(target: str, check):
    head = HEAD.replace("aws_lambda", target).replace('Egress = "nat"\n', 'Domain = "guestbook.example"\n')

    assert "with Egress = 'none' cuts the functions on Lambda off from the secrets" in error_text(
        check, '[stages.dev.secrets]\nAPI_KEY = "/key"\n', head=head
    )


def test_a_function_that_reads_the_secret_key_needs_a_route(check):
    lines = "[stages.dev.parameters.lambda]\nReadsSecretKey = true\n"

    assert error_text(check, lines, head=HEAD.replace('Egress = "nat"\n', "")).startswith(
        "ReadsSecretKey = 'yes' with Egress = 'none' cuts the function off from the secret key; set Egress to "
        "'endpoints' or 'nat' in webapp.toml ("
    )
    check(lines)
    check(lines.replace("true", "false"), head=HEAD.replace('Egress = "nat"\n', ""))


def test_endpoints_reach_no_parameter(check):
    message = error_text(check, '[stages.dev.secrets]\nDSN = "/dsn"\n', head=HEAD.replace('"nat"', '"endpoints"'))

    assert "DSN is in Parameter Store, for which Egress = 'endpoints' has no endpoint" in message


def test_deploy_refuses_a_missing_name_before_it_builds(make_project, aws: StandIn, docker: Path):
    project: Project = make_project(aws.environ | {"PATH": str(docker.parent)})
    (project.directory / "pyproject.toml").write_text(REQUIRED)

    message = project.error("deploy", "--yes", exit_code=2)
    found = project.run("doctor", "aws", exit_code=None).stdout

    assert "SITE_NAME, API_KEY, AWS_BUCKET: [tool.webapp] environment lists it" in message
    # The doctor wraps its lines.
    assert "SITE_NAME, API_KEY, AWS_BUCKET: [tool.webapp] environment lists it" in " ".join(found.split())
    assert "cloudformation:CreateChangeSet" not in aws.calls()
    assert "secretsmanager:GetSecretValue" not in aws.calls()
