"""Evaluates the policies that resources attach to themselves."""

from collections.abc import Iterator
from typing import Any

from tests.deploy.templates.analysis.stacks import Deployment, Resource
from tests.deploy.templates.analysis.statements import Context, Statement, holds, listed

_STATEMENTS = {
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
}

# A resource, a principal and the granted actions.
Grant = tuple[str, str, frozenset[str]]


def grants(deployment: Deployment, context: Context) -> set[Grant]:
    """Return the grants whose conditions hold in the context."""
    return {
        (name, principal, frozenset(listed(statement["Action"])))
        for resource in deployment.resources
        for name, statement in _statements(resource)
        if statement["Effect"] == "Allow" and holds(statement, context, unknown=False)
        for principal in _principals(statement["Principal"])
    }


def _statements(resource: Resource) -> Iterator[tuple[str, Statement]]:
    properties = resource.properties
    if resource.type == "AWS::Lambda::Permission":
        yield properties["FunctionName"], _as_statement(properties)
    elif resource.type in _STATEMENTS:
        (topic,) = properties.get("Topics", [f"{resource.stack}:{resource.name}"])
        name = properties.get("Bucket", topic)
        for statement in properties[_STATEMENTS[resource.type]]["Statement"]:
            yield name, statement
    else:
        # No test would check a type of policy that this module cannot read.
        assert not resource.type.endswith(
            ("ResourcePolicy", "TopicPolicy", "QueuePolicy", "RegistryPolicy", "KMS::Key")
        )
        assert not {"PolicyDocument", "ResourcePolicy", "RepositoryPolicyText", "KeyPolicy"} & properties.keys() or (
            resource.type == "AWS::IAM::ManagedPolicy"
        ), resource


def _as_statement(permission: dict[str, Any]) -> Statement:
    """Return a Lambda permission as the policy statement that Lambda makes of it.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    condition: dict[str, dict[str, Any]] = {}
    if "SourceArn" in permission:
        condition["ArnLike"] = {"aws:SourceArn": permission["SourceArn"]}
    equal = {"SourceAccount": "aws:SourceAccount", "FunctionUrlAuthType": "lambda:FunctionUrlAuthType"}
    for name, key in equal.items():
        if name in permission:
            condition.setdefault("StringEquals", {})[key] = permission[name]
    if "InvokedViaFunctionUrl" in permission:
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": permission["InvokedViaFunctionUrl"]}
    return {
        "Effect": "Allow",
        "Principal": permission["Principal"],
        "Action": permission["Action"],
        "Condition": condition,
    }


def _principals(principal: Any) -> Iterator[str]:
    if isinstance(principal, dict):
        for named in principal.values():
            yield from listed(named)
    else:
        yield principal
