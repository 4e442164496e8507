"""Chooses the variables that let a project's settings serve plain HTTP on 127.0.0.1."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS, SECRET_KEY
from django_runtimes.config.variables.hops import HTTPS

_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class DevelopmentVariables:
    """Variables that override the project's settings, and a line about each."""

    variables: Mapping[str, str]
    notices: tuple[str, ...]


def development_variables(settings: LoadedSettings, shell: Mapping[str, str]) -> DevelopmentVariables:
    """Return variables only for settings that would break all pages, or logins, over HTTP on 127.0.0.1.

    WEBAPP_HTTPS from the shell is kept, for a proxy in front that terminates TLS.
    """
    variables, notices = {}, []
    if not _accepts_loopback(settings.allowed_hosts):
        hosts = ",".join(dict.fromkeys((*filter(_can_match, settings.allowed_hosts), *_LOOPBACK_HOSTS)))
        variables[ALLOWED_HOSTS.name] = hosts
        notices.append(f"ALLOWED_HOSTS also has this machine's names ({ALLOWED_HOSTS.name}={hosts})")
    if (settings.https_settings or settings.https_cookies) and not shell.get(HTTPS.name):
        variables[HTTPS.name] = "0"
        notices += _plain_http_notices(settings)
    if not settings.has_secret_key:
        variables[SECRET_KEY.name] = secrets.token_urlsafe(50)
        notices.append(
            f"SECRET_KEY is a new key, since the settings have none; logins end with the server (set {SECRET_KEY.name})"
        )
    return DevelopmentVariables(variables, (*notices, *_domain_notices(settings.cookie_domains)))


def _plain_http_notices(settings: LoadedSettings) -> Iterator[str]:
    if settings.https_settings:
        yield f"{', '.join(settings.https_settings)} off, since this serves plain HTTP ({HTTPS.name}=0)"
    for ending, change in (("_NAME", "without the prefix"), ("_SAMESITE", "Lax instead of None")):
        if names := [name for name in settings.https_cookies if name.endswith(ending)]:
            yield f"{', '.join(names)} {change}, which browsers accept only over HTTPS ({HTTPS.name}=0)"


def _domain_notices(domains: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each domain, whose cookies no browser keeps for 127.0.0.1."""
    for domain in dict.fromkeys(domains.values()):
        host = domain.lstrip(".")
        if host in _LOOPBACK_HOSTS:
            continue
        names = ", ".join(name for name, value in domains.items() if value == domain)
        # Browsers resolve names below localhost themselves.
        entry = "" if host.endswith(".localhost") else f"add the line `127.0.0.1 {host}` to /etc/hosts and "
        yield (
            f"{names}={domain!r}, so browsers drop this cookie on 127.0.0.1 and logins are lost; set it to None for "
            f"development, or {entry}open http://{host} with this port"
        )


def _can_match(host: str) -> bool:
    """Return whether the variable accepts an entry of the settings; Django ignores entries such as one with a port."""
    try:
        return bool(ALLOWED_HOSTS.parse(host))
    except ConfigurationError:
        return False


def _accepts_loopback(allowed: tuple[str, ...]) -> bool:
    # With DEBUG, Django itself accepts this machine's names if the settings name no host.
    return not allowed or "*" in allowed or {"localhost", "127.0.0.1"} <= set(allowed)
