"""Variables of the application: its runtime, secret key, hosts and logs."""

from django_runtimes.config.secret import Secret
from django_runtimes.config.values.choices import LogFormat, LogLevel
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.kinds import Choice, Flag, Items, SecretText, Text
from django_runtimes.config.variables.variable import RuleError


def _host(name: str) -> str:
    if name == "*":
        raise RuleError("accepts forged hosts", "list the host names that users visit")
    return name


def _origin(origin: str) -> str:
    if not origin.startswith(("https://", "http://")):
        raise RuleError("has no scheme", f"use https://{origin.rsplit('://', maxsplit=1)[-1]}")
    return origin


def _references(text: str) -> str:
    # Few processes have secrets of their own.
    from django_runtimes.config.variables.secret_references import parse_secret_references

    parse_secret_references(text)
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
    default_note="the settings' value, else https:// with each allowed host",
)
SECRETS = Text(
    "WEBAPP_SECRETS",
    "Variables that each process reads from Secrets Manager or Parameter Store before it loads the settings: a JSON "
    "object of their names and references. `webapp deploy` sets it on Lambda, from `[stages.….secrets]`.",
    parser=_references,
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
