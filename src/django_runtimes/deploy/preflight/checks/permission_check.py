"""Whether the deploying role may do what a deploy does, by IAM's simulation."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django_runtimes.deploy.context import Context
from django_runtimes.deploy.deploying_role import read_policies
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import Outlook, PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good

_ASSUMED = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/")
_IDENTITY = re.compile(r"arn:[^:]+:iam::\d+:(user|role)/")
# Without these actions on stacks no deploy begins. Others may be granted under conditions that IAM cannot simulate, or
# belong to a service that the target does not use.
_NEEDED = {"cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet"}
_SHOWN = 5
# More actions at once may exceed the size of a request.
_CHUNK = 50


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    client = context.aws.brief_client("iam")
    identity = identity_of(context)
    if not is_simulated(identity):
        yield PreflightAnswer(
            Outlook.UNKNOWN, f"permissions could not be asked: IAM simulates users and roles, and this is {identity}"
        )
        return
    denied: list[str] = []
    count = 0
    place = f"{context.configuration.project}-{context.deployment.stage}"
    for document in read_policies(context).values():
        for statement in document["Statement"]:
            count += len(statement["Action"])
            denied += _denied(client, identity, statement, place)
    missing = sorted(set(denied))
    remedy = "attach the policies that `webapp deploy policy` writes"
    if not missing:
        yield good(f"IAM's simulation permits {identity} all {count} actions of a deploy")
        return
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    text = f"IAM's simulation denies {identity} {', '.join(missing[:_SHOWN])}{more}"
    yield bad(text, remedy) if _NEEDED & set(missing) else doubtful(text, remedy)


def identity_of(context: Context) -> str:
    """Return the ARN of the caller, or of the role that the caller has assumed."""
    identity: str = context.aws.brief_client("sts").get_caller_identity()["Arn"]
    role = _ASSUMED.match(identity)
    if role is not None:
        # Only IAM knows the role's path.
        identity = context.aws.brief_client("iam").get_role(RoleName=role[1])["Role"]["Arn"]
    return identity


def is_simulated(identity: str) -> bool:
    """Return whether IAM can simulate what this ARN may do, as it can for users and roles."""
    return _IDENTITY.match(identity) is not None


def _denied(client: Any, identity: str, statement: dict[str, Any], place: str) -> list[str]:
    """Return the denied actions of a statement; one of its resources is enough."""
    resources: Sequence[str] = [_example(each, place) for each in statement["Resource"]]
    allowed: set[str] = set()
    actions = statement["Action"]
    for start in range(0, len(actions), _CHUNK):
        pages = client.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=identity, ActionNames=actions[start : start + _CHUNK], ResourceArns=resources
        )
        allowed |= {
            result["EvalActionName"]
            for page in pages
            for result in page["EvaluationResults"]
            if result["EvalDecision"] == "allowed"
        }
    return [action for action in actions if action not in allowed]


def _example(resource: str, place: str) -> str:
    """Return an ARN that the pattern matches."""
    if resource == "*":
        return resource
    project = place.rpartition("-")[0]
    return resource.replace(f"{project}-*", f"{place}-preflight").replace("*", "preflight")


PERMISSIONS = PreflightCheck(
    "permissions", ("iam:GetRole", "iam:SimulatePrincipalPolicy", "sts:GetCallerIdentity"), _ask
)
