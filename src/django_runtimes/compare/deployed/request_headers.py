"""Reads the headers of `--header`, whose values may come from variables of the environment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Template

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.config.http.measurement_token import TOKEN_HEADER
from django_runtimes.config.secret import Secret

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# The HTTP client sets these itself.
_RESERVED = frozenset(
    {"connection", "content-length", "host", "te", "transfer-encoding", "upgrade", TOKEN_HEADER.lower()}
)


def with_headers(
    services: Sequence[DeployedService], texts: Sequence[str], environ: Mapping[str, str]
) -> tuple[DeployedService, ...]:
    """Return the services with the headers of `[TARGET=]Name: value`; raise UsageError for an invalid one.

    `$NAME` and `${NAME}` in a value stand for variables of the environment, and `$$` for a dollar sign. No error shows
    a value.
    """
    headers: dict[str, dict[str, str]] = {str(service.name): {} for service in services}
    if texts and not services:
        raise UsageError("--header is for deployed targets; name one as --target aws_lambda=https://…")
    for text in texts:
        before, colon, template = text.partition(":")
        target, has_target, after = before.rpartition("=")
        name = (after if has_target else before).strip()
        if not colon or not _NAME.fullmatch(name):
            raise UsageError("--header has no name before a colon; write it as 'Name: value' or 'TARGET=Name: value'")
        if name.lower() in _RESERVED:
            raise UsageError(f"--header '{name}: …' sets a header that webapp compare sets itself; leave it out")
        if has_target and target not in headers:
            raise UsageError(
                f"--header '{target}={name}: …' names no deployed target; choose one of: {', '.join(headers)}"
            )
        value = _value(name, template.strip(), environ)
        for each in [target] if has_target else headers:
            headers[each][name] = value
    return tuple(replace(service, headers=headers[str(service.name)]) for service in services)


def _value(name: str, template: str, environ: Mapping[str, str]) -> str:
    try:
        value = Template(template).substitute(environ)
    except KeyError as error:
        raise UsageError(f"--header '{name}: …' names ${error.args[0]}, which is not set; export it") from None
    except ValueError:
        raise UsageError(f"--header '{name}: …' has a $ without a name; write $$ for a dollar sign") from None
    if not value or not value.isprintable() or not value.isascii():
        raise UsageError(f"--header '{name}: …' needs a value of printable ASCII characters on one line; correct it")
    return Secret(value)
