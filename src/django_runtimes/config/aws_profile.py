"""Reads the endpoint of S3 from AWS's configuration files, as boto3 does, without importing it."""

import os.path
from collections.abc import Mapping
from typing import NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.aws_variables import (
    AWS_CONFIG_FILE,
    AWS_DEFAULT_PROFILE,
    AWS_PROFILE,
    AWS_SHARED_CREDENTIALS_FILE,
)

_CONFIGURATION = "~/.aws/config"
_CREDENTIALS = "~/.aws/credentials"
# The keys of a section. A nested block, such as the one for a service, remains one text.
_Section = Mapping[str, str]


class AwsProfile(NamedTuple):
    """The endpoint of S3 that a profile names, and whether boto3 ignores configured endpoints."""

    endpoint: str | None = None
    ignores_endpoints: bool = False


def read_aws_profile(environment: Environment, name: str | None) -> AwsProfile:
    """Read the profile of this name, else the variables' or AWS's default one; a missing file or profile is empty.

    ConfigurationError for a file that cannot be parsed.
    """
    # boto3 reads the variables in this order.
    name = name or environment[AWS_DEFAULT_PROFILE] or environment[AWS_PROFILE] or "default"
    sections = _sections(environment[AWS_CONFIG_FILE] or _CONFIGURATION)
    credentials = _sections(environment[AWS_SHARED_CREDENTIALS_FILE] or _CREDENTIALS)
    own = sections.get(("default",), {}) if name == "default" else {}
    profile = {**own, **sections.get(("profile", name), {}), **credentials.get(tuple(name.split()), {})}
    services = sections.get(("services", profile.get("services", "")), {})
    return AwsProfile(
        _nested(services.get("s3", "")).get("endpoint_url") or profile.get("endpoint_url"),
        profile.get("ignore_configured_endpoint_urls", "").lower() == "true",
    )


def _sections(path: str) -> Mapping[tuple[str, ...], _Section]:
    """Return the file's sections by the words of their names, such as `("profile", "shop")`."""
    path = os.path.expanduser(os.path.expandvars(path))  # noqa: PTH111  (pathlib cannot expand variables)
    if not os.path.isfile(path):  # noqa: PTH113
        return {}
    # Imported here, since most deployed processes have no such file.
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read([path])
    except (configparser.Error, UnicodeDecodeError) as error:
        # The text of the error may contain lines of the file, and so keys.
        kind = type(error).__name__
        raise ConfigurationError(
            f"{path!r} cannot be parsed as a configuration file of AWS ({kind}); correct or remove it"
        ) from None
    return {_words(name): dict(parser[name]) for name in parser.sections()}


def _words(name: str) -> tuple[str, ...]:
    import shlex

    try:
        return tuple(shlex.split(name))
    except ValueError:
        return (name,)


def _nested(block: str) -> _Section:
    pairs = (line.partition("=") for line in block.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
