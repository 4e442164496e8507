"""Deletes the versions of the web function that receive no traffic, and would go on costing money."""

from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.catalogue import LAMBDA
from django_runtimes.deploy.context import Context

_ALIAS = "live"
_UNPUBLISHED = "$LATEST"
# The switches with which each version has something that costs money.
_COSTS = {"SnapStart": "its snapshot", "ManagedInstances": "its execution environments"}


def remove_old_versions(context: Context) -> None:
    """Delete the published versions to which the alias sends nothing, if they cost money.

    The release has passed its test, and a rollback publishes a version of its own. A version that cannot be deleted is
    named, and the next release tries again.
    """
    if (cost := _cost_of_version(context)) is None:
        return
    name = context.output(LAMBDA, "FunctionName")
    client = context.aws.client("lambda")
    kept = {_UNPUBLISHED, *_live_versions(client, name)}
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    old = [each["Version"] for page in pages for each in page["Versions"] if each["Version"] not in kept]
    for version in old:
        try:
            client.delete_function(FunctionName=name, Qualifier=version)
        except ClientError as error:
            context.progress.say(
                f"  version {version} of {name} stays with {cost}, and goes on costing money: {explain_error(error)}; "
                "the next deploy tries again"
            )
        else:
            context.progress.say(f"  deleted version {version} of {name} with {cost}")


def _cost_of_version(context: Context) -> str | None:
    """Return what costs money for each version of the function; None if nothing does."""
    if context.runtime is not LAMBDA:
        return None
    # An older copy of the templates does not have the parameters.
    known = context.templates[LAMBDA.name].parameters
    return next((cost for name, cost in _COSTS.items() if name in known and context.value(LAMBDA, name) == "yes"), None)


def _live_versions(client: Any, name: str) -> list[str]:
    alias = client.get_alias(FunctionName=name, Name=_ALIAS)
    shifting = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return [alias["FunctionVersion"], *shifting]
