"""Adds a stage's own variables and secrets to a template, and lets exactly the right role read the secrets."""

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.config.variables.application_variables import SECRETS, SECRETS_VERSION
from django_runtimes.config.variables.secret_references import SecretReference
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.own_settings import OwnSettings
from django_runtimes.deploy.templates.image_processes import IMAGE_PARAMETER, ImageProcess, processes_of
from django_runtimes.deploy.templates.long_form import long_form
from django_runtimes.deploy.templates.templates import Template

# CloudFormation's limit for a template in a request.
_LARGEST_BODY_BYTES = 51_200
# Values that only AWS knows, such as the addresses of a database and a proxy, have at most about this length.
_UNKNOWN_VALUE_BYTES = 100
_POLICY = "own-secrets"
_NO_VALUE = "AWS::NoValue"
_IF = ("!If", "Fn::If")
_GET_ATT = ("!GetAtt", "Fn::GetAtt")


def with_own_settings(template: Template, stack: str, own: OwnSettings, *, secrets_version: str) -> Template:
    """Return the template with the variables and secrets in each process of the image; unchanged without any.

    The values stand in the body, since a template may have only 200 parameters of at most 4,096 characters each.
    `secrets_version` changes with the secrets' values. Raise ToolError if the template or AWS cannot hold them.
    """
    if not own.names:
        return template
    content = copy.deepcopy(dict(template.content))
    roles = {}
    processes = list(processes_of(content))
    if not processes:
        raise ToolError(
            f"the template of the stack '{stack}' has no process of the image {IMAGE_PARAMETER} with an environment to "
            "which the stage's own variables could be added; restore it, or remove the variables"
        )
    for process in processes:
        place = f"the template of the stack '{stack}', {process.logical_id}"
        _add_variables(process, own, secrets_version, place)
        if own.secrets:
            roles[_role_of(process, content, place)] = place
    for role, place in roles.items():
        properties = content["Resources"][role]["Properties"]
        properties["Policies"] = _added(properties.get("Policies"), [_policy(own.secrets.values())], place)
    body = json.dumps(long_form(content), ensure_ascii=False, indent=1)
    if len(body.encode()) > _LARGEST_BODY_BYTES:
        raise UsageError(
            f"the template of the stack '{stack}' has {len(body.encode())} bytes with the stage's own variables, above "
            f"CloudFormation's {_LARGEST_BODY_BYTES}; move long values from {FILE_NAME} into secrets or files"
        )
    return Template(body, content)


def _add_variables(process: ImageProcess, own: OwnSettings, secrets_version: str, place: str) -> None:
    kind, container = process.kind, process.container
    given = dict(own.environment)
    if own.secrets:
        given[SECRETS_VERSION.name] = secrets_version
    if not kind.accepts_lines and (name := next((each for each in given if "\n" in given[each]), None)):
        raise UsageError(
            f"{name} has several lines, which App Runner does not accept; store it as a secret, or encode it"
        )
    if kind.secrets is None:
        if own.secrets:
            texts = {name: str(reference) for name, reference in own.secrets.items()}
            given[SECRETS.name] = json.dumps(texts, separators=(",", ":"))
        container[kind.variables] = _merged(container.get(kind.variables), given, place)
        _require_room(process, given, place)
        return
    pairs = [{"Name": name, "Value": value} for name, value in given.items()]
    container[kind.variables] = _added(container.get(kind.variables), pairs, place)
    secrets = [{"Name": name, kind.reference: _injected(reference)} for name, reference in own.secrets.items()]
    if secrets:
        container[kind.secrets] = _added(container.get(kind.secrets), secrets, place)


def _require_room(process: ImageProcess, given: Mapping[str, str], place: str) -> None:
    """Raise UsageError if the variables exceed the platform's limit, assuming long values where only AWS knows them."""
    largest = process.kind.largest_bytes
    if largest is None or any(tag in process.variables for tag in _IF):
        return
    own = sum(len(name.encode()) + len(value.encode()) for name, value in given.items())
    template = sum(
        len(name) + (len(value) if isinstance(value, str) else _UNKNOWN_VALUE_BYTES)
        for name, value in process.variables.items()
        if name not in given
    )
    if own + template > largest:
        raise UsageError(
            f"{place}: the stage's own variables have {own} bytes, and Lambda accepts {largest} in total, of which the "
            f"template's need up to {template}; move values into one secret, whose keys the settings read, or into "
            "the image"
        )


def _injected(reference: SecretReference) -> Any:
    return _arn(reference) if reference.parameter else str(reference)


def _arn(reference: SecretReference) -> Any:
    """Return the ARN that a policy names."""
    if reference.arn:
        return reference.arn
    name = reference.parameter.removeprefix("/")
    return {"!Sub": f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter/{name}"}


def _policy(references: Iterable[SecretReference]) -> dict[str, Any]:
    every = sorted(set(references))
    actions = {
        "secretsmanager:GetSecretValue": list(dict.fromkeys(each.arn for each in every if each.arn)),
        "ssm:GetParameters": [_arn(each) for each in every if each.parameter],
    }
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resources}
        for action, resources in actions.items()
        if resources
    ]
    return {"PolicyName": _POLICY, "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}


def _role_of(process: ImageProcess, content: Mapping[str, Any], place: str) -> str:
    """Return the logical id of the role that reads the secrets."""
    role = process.role
    target = next((role[tag] for tag in _GET_ATT if isinstance(role, dict) and tag in role), None)
    name = target.split(".")[0] if isinstance(target, str) else target[0] if target else ""
    if content["Resources"].get(name, {}).get("Type") != "AWS::IAM::Role":
        raise ToolError(
            f"{place}: its role is not one of the template's, so no secret can be granted to it; define it there"
        )
    return name


def _merged(variables: Any, given: Mapping[str, str], place: str) -> Any:
    if variables is None or _is_no_value(variables):
        return dict(given)
    if isinstance(variables, dict) and (tag := next((tag for tag in _IF if tag in variables), None)):
        condition, *branches = variables[tag]
        return {tag: [condition, *(_merged(branch, given, place) for branch in branches)]}
    if isinstance(variables, dict):
        return {**variables, **given}
    raise ToolError(f"{place}: its variables are not a mapping; write them as one")


def _added(items: Any, more: list[Any], place: str) -> Any:
    """Return a list of a template with more items, in both branches if a condition chooses the list."""
    if items is None or _is_no_value(items):
        return more
    if isinstance(items, list):
        return [*items, *more]
    if isinstance(items, dict) and (tag := next((tag for tag in _IF if tag in items), None)):
        condition, *branches = items[tag]
        return {tag: [condition, *(_added(branch, more, place) for branch in branches)]}
    raise ToolError(f"{place}: its variables, secrets or policies are not a list; write them as one")


def _is_no_value(part: Any) -> bool:
    return isinstance(part, dict) and _NO_VALUE in part.values()
