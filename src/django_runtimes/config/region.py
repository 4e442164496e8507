"""The AWS region that the process works in."""

import re

from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


def aws_region(environment: Environment) -> str | None:
    """AWS_REGION, else AWS_DEFAULT_REGION, as AWS's tools read them; ConfigurationError for what is no region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        region = environment.text(name)
        if region is None:
            continue
        if not _REGION.fullmatch(region):
            raise ConfigurationError(f"{name}={region!r} is not a region; write its code, such as eu-central-1")
        return region
    return None
