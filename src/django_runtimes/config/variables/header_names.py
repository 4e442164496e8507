"""Decides which HTTP headers may name the public host or the scheme."""

import re

HOST_HEADER = "Host"
PROTO_HEADER = "X-Forwarded-Proto"

_HEADER_NAME = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
# These headers have another meaning. Trusting one of them would change more than the host or the scheme, or would not
# work.
# fmt: off
_RESERVED = frozenset(
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
_PREFIXES = (
    "accept",
    "access-control-",
    "cloudfront-viewer-",
    "content-",
    "if-",
    "proxy-",
    "sec-",
    "x-amzn-oidc-",
)
_HOST_HEADERS = frozenset({"host", "x-forwarded-host", "x-forwarded-server", "x-host", "x-original-host"})
# The last two have the value "on" for HTTPS.
_SCHEME_HEADERS = frozenset(
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
_ON_OFF_HEADERS = frozenset({"front-end-https", "x-forwarded-ssl"})


def may_name_host(header: str) -> bool:
    """Return whether a hop in front may write the public host into this header."""
    return _is_unreserved(header) and header.lower() not in _SCHEME_HEADERS


def may_name_scheme(header: str) -> bool:
    """Return whether a hop in front may write the scheme into this header."""
    return _is_unreserved(header) and header.lower() not in _HOST_HEADERS | _ON_OFF_HEADERS


def _is_unreserved(header: str) -> bool:
    """Return whether `header` is a valid name without another meaning."""
    name = header.lower()
    return re.fullmatch(_HEADER_NAME, name) is not None and name not in _RESERVED and not name.startswith(_PREFIXES)
