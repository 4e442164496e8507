"""Adding a stage's own variables and secrets to the templates, and to the roles that read the secrets."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.config.variables.secret_references import parse_secret_reference
from django_runtimes.deploy.catalogue import PROCESS_STACKS, STACKS
from django_runtimes.deploy.own_settings import OwnSettings
from django_runtimes.deploy.templates.long_form import long_form
from django_runtimes.deploy.templates.process_template import with_own_settings
from django_runtimes.deploy.templates.reserved_names import set_by_templates
from django_runtimes.deploy.templates.template_source import library_templates
from django_runtimes.deploy.templates.templates import Template, read_template

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:guestbook/dev/API_KEY-a1B2c3"
LOGIN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:login-a1B2c3"
PARAMETER_ARN = {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/guestbook/dsn"}
OWN = OwnSettings(
    {"SITE_NAME": "Ünï ${x} '\"\\ 🎉", "EMPTY": ""},
    {
        "API_KEY": parse_secret_reference(ARN),
        "USER": parse_secret_reference(f"{LOGIN}:username::"),
        "PASSWORD": parse_secret_reference(f"{LOGIN}:password::"),
        "DSN": parse_secret_reference("/guestbook/dsn"),
    },
)
POLICY = {
    "PolicyName": "own-secrets",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": [ARN, LOGIN]},
            {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": [PARAMETER_ARN]},
        ],
    },
}
PLAIN = {"SITE_NAME": "Ünï ${x} '\"\\ 🎉", "EMPTY": "", "WEBAPP_SECRETS_VERSION": "v1"}
INJECTED = {"API_KEY": ARN, "USER": f"{LOGIN}:username::", "PASSWORD": f"{LOGIN}:password::", "DSN": PARAMETER_ARN}


def template(stack: str) -> Template:
    return read_template(library_templates(), next(each for each in STACKS if each.name == stack))


def completed(stack: str, own: OwnSettings = OWN) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(with_own_settings(template(stack), stack, own, secrets_version="v1").body)
    return content


def pairs(entries: list[dict[str, Any]], value: str) -> dict[str, Any]:
    return {entry["Name"]: entry[value] for entry in entries if "Name" in entry}


def test_a_template_without_own_settings_stays_as_it_is():
    before = template("lambda")

    assert with_own_settings(before, "lambda", OwnSettings(), secrets_version="") is before


@pytest.mark.parametrize("stack", ["lambda", "operations"])
def test_a_function_gets_values_and_references(stack: str):
    resources = completed(stack)["Resources"]

    variables = resources["Function"]["Properties"]["Environment"]["Variables"]
    assert PLAIN.items() <= variables.items()
    assert json.loads(variables["WEBAPP_SECRETS"]) == INJECTED | {"DSN": "/guestbook/dsn"}
    assert variables["WEBAPP_RUNTIME"] == "aws_lambda"
    assert resources["Role"]["Properties"]["Policies"][-1] == POLICY


CONTAINERS: dict[str, tuple[Callable[[Any], Any], str, str, str, str]] = {
    "operations-task": (lambda r: r["Task"]["Properties"]["ContainerDefinitions"][0], *("Environment", "Secrets")),
    "fargate": (lambda r: r["Task"]["Properties"]["ContainerDefinitions"][0], *("Environment", "Secrets")),
    "express": (lambda r: r["Service"]["Properties"]["PrimaryContainer"], *("Environment", "Secrets")),
    "apprunner": (
        lambda r: r["Service"]["Properties"]["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"],
        *("RuntimeEnvironmentVariables", "RuntimeEnvironmentSecrets"),
    ),
}


@pytest.mark.parametrize("stack", CONTAINERS)
def test_a_container_gets_values_and_injected_secrets(stack: str):
    place, variables, secrets = CONTAINERS[stack]
    resources = completed(stack)["Resources"]

    container = place(resources)
    assert PLAIN.items() <= pairs(container[variables], "Value").items()
    key = "Value" if stack == "apprunner" else "ValueFrom"
    assert INJECTED.items() <= pairs(container[secrets], key).items()
    assert "WEBAPP_SECRET_KEY" in pairs(container[secrets], key)


@pytest.mark.parametrize("stack", ["operations-task", "fargate", "express"])
def test_only_the_execution_role_reads_the_secrets(stack: str):
    resources = completed(stack)["Resources"]

    assert resources["ExecutionRole"]["Properties"]["Policies"][-1] == POLICY
    assert "own-secrets" not in json.dumps(resources["TaskRole"])


def test_a_role_reads_the_secrets_whatever_the_conditions():
    """App Runner's role chooses each policy, and a role of an ejected template may choose the whole list."""
    original = template("apprunner")
    role = original.content["Resources"]["InstanceRole"]
    own = [{"PolicyName": "own"}]
    chosen = {"!If": ["HasMeasurementKey", own, {"!Ref": "AWS::NoValue"}]}
    changed = {**role, "Properties": {**role["Properties"], "Policies": chosen}}
    content = {**original.content, "Resources": {**original.content["Resources"], "InstanceRole": changed}}

    policies = completed("apprunner")["Resources"]["InstanceRole"]["Properties"]["Policies"]
    ejected = with_own_settings(Template("", content), "apprunner", OWN, secrets_version="v1").content

    assert policies[-1] == POLICY
    assert long_form(ejected)["Resources"]["InstanceRole"]["Properties"]["Policies"] == {
        "Fn::If": ["HasMeasurementKey", [*own, POLICY], [POLICY]]
    }


@pytest.mark.parametrize("stack", PROCESS_STACKS)
def test_variables_alone_change_no_role(stack: str):
    own = OwnSettings({"SITE_NAME": "x"}, {})

    text = json.dumps(completed(stack, own))

    assert "own-secrets" not in text
    assert "WEBAPP_SECRETS" not in text


def test_new_values_change_the_functions_fingerprint():
    def fingerprint(value: str, version: str) -> str:
        own = OwnSettings({"SITE_NAME": value}, OWN.secrets)
        changed = with_own_settings(template("lambda"), "lambda", own, secrets_version=version)
        return changed.fingerprint("Function", {}, ignored=frozenset())

    assert len({fingerprint("a", "v1"), fingerprint("b", "v1"), fingerprint("a", "v2")}) == 3


def test_too_many_variables_for_lambda_are_refused():
    own = OwnSettings({"LONG_VALUE": "x" * 3000}, {})

    with pytest.raises(UsageError, match=r"own variables have 3010 bytes, and Lambda accepts 4096 in total, of which"):
        completed("lambda", own)


def test_a_template_too_large_for_cloudformation_is_refused():
    own = OwnSettings({f"VALUE_{number}": "x" * 1000 for number in range(40)}, {})

    with pytest.raises(UsageError, match=r"above CloudFormation's 51200; move long values"):
        completed("fargate", own)


def test_lines_are_refused_on_app_runner_alone():
    own = OwnSettings({"CERTIFICATE": "one\ntwo"}, {})

    with pytest.raises(UsageError, match="CERTIFICATE has several lines, which App Runner does not accept"):
        completed("apprunner", own)
    assert "one\\ntwo" in json.dumps(completed("express", own))


def test_a_role_of_another_template_is_refused():
    original = template("lambda")
    body = original.body.replace("      Role: !GetAtt Role.Arn", "      Role: !ImportValue my-role")
    changed = Template(body, {**original.content, "Resources": {**original.content["Resources"]}})
    function = changed.content["Resources"]["Function"]
    changed.content["Resources"]["Function"] = {
        **function,
        "Properties": {**function["Properties"], "Role": {"!ImportValue": "my-role"}},
    }

    with pytest.raises(ToolError, match="its role is not one of the template's, so no secret can be granted to it"):
        with_own_settings(changed, "lambda", OWN, secrets_version="v1")


def test_names_of_the_templates_are_found_with_their_parameters():
    found = set_by_templates(template(stack) for stack in PROCESS_STACKS)

    assert found["WEBAPP_SECRET_KEY"] == ()
    assert found["WEBAPP_MEASUREMENT_KEY"] == ("MeasurementKeyArn",)
    assert found["WEBAPP_WORKERS"] == ("Workers",)
    assert found["WEBAPP_MAIL"] == ("MailIdentity",)
    assert found["WEBAPP_ALLOWED_HOSTS"] == ("Domain", "Hosts")
    assert found["PORT"] == ()
