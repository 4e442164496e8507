"""Variables of the application: its runtime, secret key, hosts and logs."""

import re

from django_runtimes.config.secret import Secret
from django_runtimes.config.values.choices import LogFormat, LogLevel
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.kinds import Choice, Flag, Integer, Items, SecretText, Text
from django_runtimes.config.variables.variable import RuleError

# Django refuses every other host of a request.
_HOST = re.compile(r"[a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\]", re.IGNORECASE)
_PORT = re.compile(r":[0-9]*")


def _host(name: str) -> str:
    if name == "*":
        raise RuleError("accepts forged hosts", "list the host names that users visit")
    if name.endswith(".") and name.strip("."):
        # Django compares the host of a request without its trailing dot.
        raise RuleError("has a trailing dot, so it matches no host", f"write {name.rstrip('.')}")
    if _HOST.fullmatch(name) and name.strip("."):
        return name
    if "://" in name:
        raise RuleError("has a scheme, so it matches no host", "write only the host name")
    if "/" in name:
        raise RuleError("has a path, so it matches no host", "write only the host name")
    if len(name.split()) > 1:
        raise RuleError("has a space, so it matches no host", "separate host names with commas")
    if name.startswith("*."):
        raise RuleError("matches no host, since subdomains are allowed by a leading dot", f"write {name[1:]}")
    if (found := _HOST.match(name)) and _PORT.fullmatch(name, found.end()):
        raise RuleError("has a port, so it matches no host", f"write {found[0].rstrip('.')}, which allows every port")
    raise RuleError(
        "is not a host name",
        "use letters, digits, dots and hyphens, or an IPv6 address in brackets; write other letters as xn--…",
    )


def _origin(origin: str) -> str:
    if not origin.startswith(("https://", "http://")):
        raise RuleError("has no scheme", f"use https://{origin.rsplit('://', maxsplit=1)[-1]}")
    address = origin.partition("://")[2]
    if "/" in address:
        raise RuleError(
            "has a path, so it matches no origin", f"use {origin.partition('://')[0]}://{address.partition('/')[0]}"
        )
    if len(address.split()) != 1:
        raise RuleError("has a space or no host, so it matches no origin", "separate origins with commas")
    return origin


def _references(text: str) -> str:
    # Few processes have secrets of their own.
    from django_runtimes.config.variables.secret_references import parse_secret_references

    parse_secret_references(text)
    return text


def _reference(text: str) -> str:
    # Few processes have this variable.
    from django_runtimes.config.variables.secret_references import parse_secret_reference

    if not parse_secret_reference(text).arn:
        raise RuleError("is the name of a parameter", "write the ARN of a secret in Secrets Manager")
    return text


def _version(text: str) -> str:
    if not (text.isascii() and text.isalnum()):
        raise RuleError("is not a version", "let `webapp deploy` set it")
    return text


RUNTIME = Choice(
    "WEBAPP_RUNTIME",
    "The service that runs the process. It overrides detection; App Runner cannot be detected.",
    Runtime,
    noun="runtime",
    default_note="detected, else local",
)
DEBUG = Flag("WEBAPP_DEBUG", "Django's DEBUG. Refused outside the local runtime.", default=False)
SECRET_KEY = SecretText(
    "WEBAPP_SECRET_KEY",
    "Django's SECRET_KEY, of at least 50 characters. `check --deploy` warns if fewer than 5 of them are different.",
    default_note="SECRET_KEY of the settings, which must not be public outside local",
)
SECRET_KEY_ARN = Text(
    "WEBAPP_SECRET_KEY_ARN",
    "ARN of a secret in Secrets Manager from which each process reads WEBAPP_SECRET_KEY before it loads the settings. "
    "The template of Lambda sets it with ReadsSecretKey, so that restored environments read the current key.",
    parser=_reference,
)
SECRET_KEY_FALLBACKS = Items(
    "WEBAPP_SECRET_KEY_FALLBACKS",
    "Former secret keys, comma-separated, whose signatures are still accepted.",
    parser=Secret,
    is_secret=True,
)
ALLOWED_HOSTS = Items(
    "WEBAPP_ALLOWED_HOSTS",
    "Host names that the application serves, comma-separated; a leading dot allows subdomains.",
    parser=_host,
    default_note="ALLOWED_HOSTS of the settings; required outside local if those name no host",
)
CSRF_TRUSTED_ORIGINS = Items(
    "WEBAPP_CSRF_TRUSTED_ORIGINS",
    "Origins that may send unsafe requests such as POST, each with its scheme, comma-separated.",
    parser=_origin,
    default_note="the settings' value, else https:// with each allowed host; no wildcard below a domain of AWS",
)
SECRETS = Text(
    "WEBAPP_SECRETS",
    "Variables that each process reads from Secrets Manager or Parameter Store before it loads the settings: a JSON "
    "object of their names and references. `webapp deploy` sets it on Lambda, from `[stages.….secrets]`.",
    parser=_references,
)
SECRETS_TTL_S = Integer(
    "WEBAPP_SECRETS_TTL_S",
    "Age at which a function reads the values of WEBAPP_SECRETS again, before the next request, in seconds. If the "
    "read fails, the function keeps its values.",
    default=300,
    minimum=1,
)
SECRETS_VERSION = Text(
    "WEBAPP_SECRETS_VERSION",
    "Changes with the stage's secrets, so that a deploy restarts the processes that hold old values. `webapp deploy` "
    "sets it.",
    parser=_version,
)
START_PHASES = Flag(
    "WEBAPP_START_PHASES",
    "Whether each serving process logs one line after its first request, with the moments at which the phases of its "
    "start ended. `webapp compare` sets it.",
    default=False,
)
POOL_WAITS_DIRECTORY = Text(
    "WEBAPP_POOL_WAITS_DIRECTORY",
    "Directory in which each serving process keeps a file with the number of waits for a connection of its pool, by "
    "duration. `webapp compare` sets it.",
)
LOG_LEVEL = Choice(
    "WEBAPP_LOG_LEVEL", "Lowest level that is logged.", LogLevel, noun="log level", default=LogLevel.INFO
)
LOG_FORMAT = Choice(
    "WEBAPP_LOG_FORMAT", "Format of the log lines.", LogFormat, noun="log format", profile_field="log_format"
)
