"""Deletes the versions of the web function that receive no traffic, whose snapshots would go on costing money."""

from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.catalogue import LAMBDA
from django_runtimes.deploy.context import Context

_ALIAS = "live"
_UNPUBLISHED = "$LATEST"
_SNAP_START = "SnapStart"


def remove_old_versions(context: Context) -> None:
    """Delete the published versions to which the alias sends nothing, if they have snapshots.

    The release has passed its test, and a rollback publishes a version of its own. A version that cannot be deleted is
    named, and the next release tries again.
    """
    if context.runtime is not LAMBDA or _SNAP_START not in context.templates[LAMBDA.name].parameters:
        # An older copy of the templates does not have the parameter.
        return
    if context.value(LAMBDA, _SNAP_START) != "yes":
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
                f"  version {version} of {name} keeps its snapshot, which costs money: {explain_error(error)}; the "
                "next deploy tries again"
            )
        else:
            context.progress.say(f"  deleted version {version} of {name} with its snapshot")


def _live_versions(client: Any, name: str) -> list[str]:
    alias = client.get_alias(FunctionName=name, Name=_ALIAS)
    shifting = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return [alias["FunctionVersion"], *shifting]
