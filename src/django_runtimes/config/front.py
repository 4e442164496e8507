"""What the hops in front of the application say, and under which path they serve it."""

import re
from dataclasses import dataclass

from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError

HOST_HEADER = "Host"
PROTO_HEADER = "X-Forwarded-Proto"

_HEADER_NAME = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
# RFC 3986 without what a proxy or a browser would normalize: percent escapes, `//`, `.` and `..`.
_BASE_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")
# Names that say something else: believing one would change more than was asked for, or could not work.
# fmt: off
_FIELDS = frozenset(
    {
        "age", "allow", "alt-svc", "alt-used", "authorization", "baggage", "cache-control", "cf-connecting-ip",
        "connection", "cookie", "cookie2", "date", "dnt", "early-data", "etag", "expect", "expires", "forwarded",
        "from", "http2-settings", "keep-alive", "last-event-id", "last-modified", "link", "location",
        "max-forwards", "origin", "pragma", "priority", "range", "referer", "remote-user", "retry-after",
        "save-data", "server", "set-cookie", "te", "traceparent", "tracestate", "trailer", "trailers",
        "transfer-encoding", "true-client-ip", "upgrade", "upgrade-insecure-requests", "user-agent", "vary", "via",
        "warning", "x-amz-cf-id", "x-amzn-trace-id", "x-client-ip", "x-cluster-client-ip", "x-csrf-token",
        "x-csrftoken", "x-forwarded-by", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-method",
        "x-forwarded-path", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-uri", "x-http-method-override",
        "x-original-uri", "x-original-url", "x-real-ip", "x-request-id", "x-requested-with", "x-rewrite-url",
    }
)
# fmt: on
_FIELD_PREFIXES = (
    "accept",
    "access-control-",
    "cloudfront-viewer-",
    "content-",
    "if-",
    "proxy-",
    "sec-",
    "x-amzn-oidc-",
)
_HOSTS = frozenset({"host", "x-forwarded-host", "x-forwarded-server", "x-host", "x-original-host"})
# The last two say "on" for HTTPS.
_SCHEMES = frozenset(
    {
        "cloudfront-forwarded-proto",
        "x-forwarded-proto",
        "x-forwarded-protocol",
        "x-forwarded-scheme",
        "x-url-scheme",
        "front-end-https",
        "x-forwarded-ssl",
    }
)
_SWITCHES = frozenset({"front-end-https", "x-forwarded-ssl"})


@dataclass(frozen=True)
class Front:
    """The public base path, empty at a host's root, and the names of the headers for host and scheme.

    `base_path_is_stripped` is whether the hop in front takes the base path off; None where nobody said.
    """

    base_path: str
    host_header: str
    proto_header: str
    base_path_is_stripped: bool | None = None

    @property
    def proto_meta_key(self) -> str:
        """The key of the scheme's header in Django's META."""
        return "HTTP_" + self.proto_header.upper().replace("-", "_")


def read_front(environment: Environment, *, https: bool) -> Front:
    """The four variables; raises ConfigurationError for what is no path or no header, or would not be believed."""
    base_path = _base_path(environment)
    host = _header(environment, "WEBAPP_HOST_HEADER", HOST_HEADER, _SCHEMES, https=https)
    proto = _header(environment, "WEBAPP_PROTO_HEADER", PROTO_HEADER, _HOSTS | _SWITCHES, https=https)
    if host.lower() == proto.lower():
        raise ConfigurationError(
            f"WEBAPP_HOST_HEADER={host!r} is WEBAPP_PROTO_HEADER too, and no header names both; unset one of them"
        )
    return Front(base_path, host, proto, base_path_is_stripped=_is_stripped(environment, base_path))


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


def _is_stripped(environment: Environment, base_path: str) -> bool | None:
    is_stripped = environment.flag("WEBAPP_BASE_PATH_STRIPPED")
    if is_stripped and not base_path:
        raise ConfigurationError(
            f"WEBAPP_BASE_PATH_STRIPPED={environment.text('WEBAPP_BASE_PATH_STRIPPED')!r} is set and WEBAPP_BASE_PATH "
            "is not; set WEBAPP_BASE_PATH to the path that the hop in front takes off, or unset both"
        )
    return is_stripped


def _header(environment: Environment, name: str, default: str, others: frozenset[str], *, https: bool) -> str:
    """`others` are headers that say something else."""
    header = environment.text(name)
    if header is None or header.lower() == default.lower():
        return default
    lowered = header.lower()
    if (
        _HEADER_NAME.fullmatch(header) is None
        or lowered in _FIELDS
        or lowered in others
        or lowered.startswith(_FIELD_PREFIXES)
    ):
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
