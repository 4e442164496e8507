"""Reads the base path and the headers of the hops in front of the application."""

from typing import NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.hops import BASE_PATH, BASE_PATH_STRIPPED, HOST_HEADER, PROTO_HEADER
from django_runtimes.config.variables.variable import Variable


class Front(NamedTuple):
    """The public base path, empty at a host's root, and the names of the headers for host and scheme.

    `base_path_is_stripped` says whether the hop in front strips the base path; None when it is not configured.
    """

    base_path: str
    host_header: str
    proto_header: str
    base_path_is_stripped: bool | None = None

    @property
    def proto_meta_key(self) -> str:
        """The key of the scheme's header in Django's `request.META`."""
        return "HTTP_" + self.proto_header.upper().replace("-", "_")


def is_below(path: str, base_path: str) -> bool:
    """Return whether a path is the base path or below it."""
    return path == base_path or path.startswith(f"{base_path}/")


def read_front(environment: Environment, *, https: bool) -> Front:
    """Read the base path and the names of the two headers.

    Raise ConfigurationError for an invalid path or header, or for a header that needs WEBAPP_HTTPS.
    """
    base_path = environment[BASE_PATH] or ""
    host = _header(environment, HOST_HEADER, https=https)
    proto = _header(environment, PROTO_HEADER, https=https)
    if host.lower() == proto.lower():
        raise ConfigurationError(
            f"WEBAPP_HOST_HEADER={host!r} is also WEBAPP_PROTO_HEADER, but one header cannot be both; unset one of them"
        )
    return Front(base_path, host, proto, base_path_is_stripped=_is_stripped(environment, base_path))


def _is_stripped(environment: Environment, base_path: str) -> bool | None:
    is_stripped = environment[BASE_PATH_STRIPPED]
    if is_stripped and not base_path:
        raise ConfigurationError(
            "WEBAPP_BASE_PATH_STRIPPED='1' is set, but WEBAPP_BASE_PATH is not; set WEBAPP_BASE_PATH to the path that "
            "the hop in front strips, or unset both"
        )
    return is_stripped


def _header(environment: Environment, variable: Variable[str], *, https: bool) -> str:
    header = environment[variable]
    if header != variable.default and not https:
        raise ConfigurationError(
            f"{variable.name}={header!r} is set, but without WEBAPP_HTTPS=1 no hop in front is trusted; set "
            f"WEBAPP_HTTPS=1, or unset {variable.name}"
        )
    return header
