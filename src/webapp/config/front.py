"""What the hops in front of the application say, and under which path they serve it."""

import re
from dataclasses import dataclass

from webapp.config.environment import Environment
from webapp.config.errors import ConfigurationError

HOST_HEADER = "Host"
PROTO_HEADER = "X-Forwarded-Proto"

_HEADER_NAME = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
# RFC 3986 without what a proxy or a browser would normalize: percent escapes, `//`, `.` and `..`.
_BASE_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")
# Names that mean something else, so that believing them would change more than was asked for.
_TAKEN = frozenset({"authorization", "connection", "content-length", "content-type", "cookie", "transfer-encoding"})


@dataclass(frozen=True)
class Front:
    """The public base path, empty at a host's root, and the names of the headers for host and scheme."""

    base_path: str
    host_header: str
    proto_header: str

    @property
    def proto_meta_key(self) -> str:
        """The key of the scheme's header in Django's META."""
        return "HTTP_" + self.proto_header.upper().replace("-", "_")


def read_front(environment: Environment, *, https: bool) -> Front:
    """The three variables; raises ConfigurationError for what is no path or no header, or would not be believed."""
    return Front(
        base_path=_base_path(environment),
        host_header=_header(environment, "WEBAPP_HOST_HEADER", HOST_HEADER, https=https),
        proto_header=_header(environment, "WEBAPP_PROTO_HEADER", PROTO_HEADER, https=https),
    )


def _base_path(environment: Environment) -> str:
    path = environment.text("WEBAPP_BASE_PATH")
    if path is None:
        return ""
    if _BASE_PATH.fullmatch(path) is None:
        raise ConfigurationError(
            f"WEBAPP_BASE_PATH={path!r} is not a path; begin with a slash, end without one, and use letters, digits "
            "and . _ ~ - between: /shop. Unset it for an application at the root of its host"
        )
    return path


def _header(environment: Environment, name: str, default: str, *, https: bool) -> str:
    header = environment.text(name)
    if header is None or header.lower() == default.lower():
        return default
    if _HEADER_NAME.fullmatch(header) is None or header.lower() in _TAKEN:
        raise ConfigurationError(
            f"{name}={header!r} is not a header for this; name one with letters, digits and hyphens that the hop in "
            f"front writes, or unset it for {default}"
        )
    if not https:
        raise ConfigurationError(
            f"{name}={header!r} is set and WEBAPP_HTTPS is not 1: no hop in front is believed; set WEBAPP_HTTPS=1, or "
            f"unset {name}"
        )
    return header
