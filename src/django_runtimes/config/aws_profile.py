"""Reads profiles and endpoints from AWS's configuration files, as boto3 does, without importing it."""

import os.path
from collections.abc import Mapping

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.aws_variables import (
    AWS_CONFIG_FILE,
    AWS_DEFAULT_PROFILE,
    AWS_ENDPOINT_URL,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
    AWS_PROFILE,
    AWS_SHARED_CREDENTIALS_FILE,
)
from django_runtimes.config.variables.variable import Variable

_CONFIGURATION = "~/.aws/config"
_CREDENTIALS = "~/.aws/credentials"
# The keys of a section. A nested block, such as the one for a service, remains one text.
_Section = Mapping[str, str]
_Sections = Mapping[tuple[str, ...], _Section]


def configured_endpoint(
    environment: Environment, variable: Variable[str | None], section: str, profile: str | None = None
) -> str | None:
    """Return the endpoint of a service that `variable`, AWS_ENDPOINT_URL or AWS's files name, or None.

    `section` is the name of the service in the files, and `profile` overrides the variables' profile.
    ConfigurationError for a file that cannot be parsed.
    """
    ignores = environment[AWS_IGNORE_CONFIGURED_ENDPOINT_URLS]
    # botocore accepts no other spelling of true.
    if ignores is not None and ignores.lower() == "true":
        return None
    own = read_aws_profile(environment, profile)
    if ignores is None and own.get("ignore_configured_endpoint_urls", "").lower() == "true":
        return None
    services = _configuration(environment).get(("services", own.get("services", "")), {})
    return (
        environment[variable]
        or environment[AWS_ENDPOINT_URL]
        or _nested(services.get(section, "")).get("endpoint_url")
        or own.get("endpoint_url")
    )


def read_aws_profile(environment: Environment, name: str | None = None) -> Mapping[str, str]:
    """Return the keys of the profile of this name, else of the variables' or AWS's default one.

    A missing file or profile is empty, and the file of credentials overrides the other one.
    ConfigurationError for a file that cannot be parsed.
    """
    name = name or named_profile(environment) or "default"
    sections = _configuration(environment)
    credentials = _sections(environment[AWS_SHARED_CREDENTIALS_FILE] or _CREDENTIALS)
    own = sections.get(("default",), {}) if name == "default" else {}
    return {**own, **sections.get(("profile", name), {}), **credentials.get(tuple(name.split()), {})}


def named_profile(environment: Environment) -> str | None:
    """Return the profile that the variables name, which boto3 reads in this order, or None."""
    return environment[AWS_DEFAULT_PROFILE] or environment[AWS_PROFILE]


def _configuration(environment: Environment) -> _Sections:
    return _sections(environment[AWS_CONFIG_FILE] or _CONFIGURATION)


def _sections(path: str) -> _Sections:
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
