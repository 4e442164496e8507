"""Parses WEBAPP_STORE_URL: the address of the store of sessions, cache entries and counters."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.region_code import is_region

_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
# redis-py knows its own schemes only; Valkey speaks the same protocol.
_REDIS_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
_REMEDY = (
    "write memory://, redis://user:password@host:port/0 (rediss:// with TLS; valkey:// and valkeys:// for Valkey), or "
    "dynamodb://TABLE"
)
_REGION = "region"
_MAX_PORT = 65535
# Only processes with a store on Redis compile these expressions. redis-py would pass any name to its connection: a
# wrong one is then an error of each call, a login would be in the log, and timeouts and repetitions would replace the
# library's.
_REDIS_OPTIONS = {
    "client_name": r"[!-~]+",
    "health_check_interval": r"[0-9]{1,6}",
    "protocol": r"[23]",
}
_TLS_OPTIONS = {
    "ssl_ca_certs": r".+",
    "ssl_cert_reqs": r"none|optional|required",
    "ssl_certfile": r".+",
    "ssl_check_hostname": r"[Tt]rue|[Ff]alse",
    "ssl_keyfile": r".+",
}
# Longer labels and empty ones are errors of Python's resolver that are no errors of a connection.
_HOST_NAME = r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?"


class StoreKind(StrEnum):
    """The program or service that a store is."""

    MEMORY = "memory"
    REDIS = "redis"
    DYNAMODB = "dynamodb"


class StoreAddress(NamedTuple):
    """A store: its `location` is the URL of Redis or Valkey, which is a Secret, or the name of a DynamoDB table.

    `region` is the one that a URL of DynamoDB names, and `is_encrypted` says whether connections use TLS.
    """

    kind: StoreKind
    location: str = ""
    region: str | None = None
    is_encrypted: bool = True


def parse_store_url(url: str) -> StoreAddress:
    """Return the address; raise ConfigurationError, which shows no possible part of a password, for an invalid URL."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise _refusal("is not a URL", _REMEDY)
    if scheme == StoreKind.MEMORY:
        if rest:
            raise _refusal("has a text after memory://", "write memory:// alone")
        return StoreAddress(StoreKind.MEMORY)
    if scheme == StoreKind.DYNAMODB:
        return _dynamodb(rest)
    if scheme in _REDIS_SCHEMES:
        return _redis(_REDIS_SCHEMES[scheme], rest)
    shown = scheme if scheme.isalnum() else "another scheme"
    raise _refusal(f"has the scheme {shown}, which is no store", _REMEDY)


def without_login(url: str) -> str:
    """Return the URL of a server without user, password and options, for logs."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _dynamodb(rest: str) -> StoreAddress:
    # A table's name is case-sensitive, so the URL's host is not used.
    table, _, query = rest.partition("?")
    if not _TABLE.fullmatch(table):
        raise _refusal(
            "does not name a DynamoDB table (3 to 255 letters, digits, '.', '-' and '_')", "write dynamodb://TABLE"
        )
    options = dict(parse_qsl(query, keep_blank_values=True))
    region = options.pop(_REGION, None)
    if options or region == "":
        raise _refusal("has an option other than region", f"write dynamodb://{table}?region=eu-central-1")
    if region is not None and not is_region(region):
        raise _refusal(
            f"has the region {region!r}, which is not a region", f"write dynamodb://{table}?region=eu-central-1"
        )
    return StoreAddress(StoreKind.DYNAMODB, table, region)


def _redis(scheme: str, rest: str) -> StoreAddress:
    url = Secret(f"{scheme}://{rest}")
    if rest.rpartition("@")[0].count("@"):
        raise _refusal("has an unencoded @ in its user or password", "write it as %40")
    if "@" in rest and "@" not in re.split("[/?#]", rest, maxsplit=1)[0]:
        raise _refusal("has an unencoded /, ? or # in its user or password", "write it as %2F, %3F or %23")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = None
        parts = urlsplit("")
    if not parts.hostname or port == 0:
        raise _refusal(f"names no host, or a port that is not a number from 1 to {_MAX_PORT}", _REMEDY)
    if ":" not in parts.hostname and not re.fullmatch(_HOST_NAME, parts.hostname):
        raise _refusal("has a host that is neither a name nor an address", _REMEDY)
    number = parts.path.strip("/")
    if number and not number.isdigit():
        raise _refusal("has a path that is not the number of a database", _REMEDY)
    if parts.fragment:
        raise _refusal("has a text after #", _REMEDY)
    is_encrypted = scheme == "rediss"
    _require_known_options(parts.query, {**_REDIS_OPTIONS, **_TLS_OPTIONS} if is_encrypted else _REDIS_OPTIONS)
    return StoreAddress(StoreKind.REDIS, url, is_encrypted=is_encrypted)


def _require_known_options(query: str, known: Mapping[str, str]) -> None:
    given = parse_qsl(query, keep_blank_values=True)
    # The name of another option is not shown, since it may be a part of a password.
    if any(name not in known for name, _ in given):
        raise _refusal("has an option that is not known here", f"write one of: {', '.join(sorted(known))}")
    for name, value in given:
        if not re.fullmatch(known[name], value):
            raise _refusal(f"has an invalid value of the option {name}", "write one that redis-py accepts")


def _refusal(rule: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"WEBAPP_STORE_URL {rule}; {remedy}")
