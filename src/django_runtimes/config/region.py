"""Reads the AWS region of the process."""

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.region_code import is_region
from django_runtimes.config.variables.aws_variables import AWS_DEFAULT_REGION, AWS_REGION


def aws_region(environment: Environment) -> str | None:
    """Return AWS_REGION, else AWS_DEFAULT_REGION, as AWS's tools do; raise ConfigurationError for an invalid region."""
    for variable in (AWS_REGION, AWS_DEFAULT_REGION):
        region = environment[variable]
        if region is None:
            continue
        if not is_region(region):
            variable.refuse(region, "is not a region", "set it to a code such as eu-central-1")
        return region
    return None
