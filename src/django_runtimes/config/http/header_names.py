"""Which HTTP headers may name the public host or the scheme."""

import re

HOST_HEADER = "Host"
PROTO_HEADER = "X-Forwarded-Proto"

_HEADER_NAME = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
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


def may_name_host(header: str) -> bool:
    """Whether a hop in front could write the public host into this header."""
    return _is_free(header) and header.lower() not in _SCHEMES


def may_name_scheme(header: str) -> bool:
    """Whether a hop in front could write the scheme into this header."""
    return _is_free(header) and header.lower() not in _HOSTS | _SWITCHES


def _is_free(header: str) -> bool:
    """Whether it is a name, and HTTP gives it no other meaning."""
    name = header.lower()
    return re.fullmatch(_HEADER_NAME, name) is not None and name not in _FIELDS and not name.startswith(_FIELD_PREFIXES)
