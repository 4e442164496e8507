"""Refuses what could not work out, in a late stack or on a live stage, before anything is made or changed."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE, NETWORK, OPERATIONS
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.lasting import keep_what_lasts


def check_beforehand(context: Context) -> None:
    """UsageError for parameters that a stack would not take, that do not go together, or that a stage cannot change."""
    for stack in (*context.foundation, OPERATIONS, *context.rotation, context.runtime):
        context.parameters(stack)
    wanted = context.value(OPERATIONS, "Architecture")
    if wanted != context.architecture:
        raise UsageError(
            f"Architecture = '{wanted}' is not for {context.deployment.target}, which has {context.architecture} "
            f"alone; take it out of [parameters] and [stages.{context.deployment.stage}.parameters]"
        )
    if context.value(DATABASE, "Credentials") == "secretsmanager" and context.value(NETWORK, "Egress") == "none":
        raise UsageError(
            "Credentials = 'secretsmanager' with Egress = 'none' leaves the operations function no way to its secret; "
            f"set Egress to 'endpoints' or 'nat' in {FILE_NAME} "
            f"({context.template_source.readme('foundation')} has their prices), or Credentials to 'iam'"
        )
    keep_what_lasts(context)
