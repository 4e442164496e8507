"""Whether a stage's function runs on Lambda Managed Instances."""

from django_runtimes.deploy.catalogue import LAMBDA
from django_runtimes.deploy.context import Context

MANAGED_INSTANCES = "ManagedInstances"


def can_be_managed(context: Context) -> bool:
    """Return whether the stage has a web function whose template offers Managed Instances."""
    # An older copy of the templates does not have the parameter.
    return context.runtime is LAMBDA and MANAGED_INSTANCES in context.templates[LAMBDA.name].parameters


def is_managed(context: Context) -> bool:
    """Return whether the stage's web function runs on Managed Instances."""
    return can_be_managed(context) and context.value(LAMBDA, MANAGED_INSTANCES) == "yes"
