"""Reads the AWS region of the process."""

import re

from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.aws_variables import AWS_DEFAULT_REGION, AWS_REGION

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


def aws_region(environment: Environment) -> str | None:
    """Return AWS_REGION, else AWS_DEFAULT_REGION, as AWS's tools do; raise ConfigurationError for an invalid region."""
    for variable in (AWS_REGION, AWS_DEFAULT_REGION):
        region = environment[variable]
        if region is None:
            continue
        if not _REGION.fullmatch(region):
            variable.refuse(region, "is not a region", "set it to a code such as eu-central-1")
        return region
    return None
