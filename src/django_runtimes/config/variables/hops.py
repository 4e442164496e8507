"""Variables of the hops in front of the application: HTTPS, proxies, the base path and forwarded headers."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from django_runtimes.config.http.header_names import HOST_HEADER as HOST
from django_runtimes.config.http.header_names import PROTO_HEADER as PROTO
from django_runtimes.config.http.header_names import may_name_host, may_name_scheme
from django_runtimes.config.variables.kinds import Flag, Integer, Items, Text
from django_runtimes.config.variables.variable import RuleError

# RFC 3986 without the parts that a proxy or a browser would normalize: percent escapes, `//`, `.` and `..`.
# Compiled only when a base path is set, since most applications have none.
_BASE_PATH = r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+"


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise RuleError("is not a network", "use addresses such as 10.0.1.7 or 10.0.0.0/16") from None


def _base_path(path: str) -> str:
    if re.fullmatch(_BASE_PATH, path) is None:
        raise RuleError(
            "is not a path",
            "begin it with a slash, end it without one, and use letters, digits and . _ ~ - between, such as /shop; "
            "or unset it for an application at the root of its host",
        )
    return path


def _host_header(header: str) -> str:
    if not may_name_host(header):
        raise _no_header(HOST)
    return HOST if header.lower() == HOST.lower() else header


def _proto_header(header: str) -> str:
    if not may_name_scheme(header):
        raise _no_header(PROTO)
    return PROTO if header.lower() == PROTO.lower() else header


def _no_header(default: str) -> RuleError:
    return RuleError(
        "is not a usable header",
        f"name one of letters, digits and hyphens that the hop in front writes, or unset it for {default}",
    )


HTTPS = Flag(
    "WEBAPP_HTTPS",
    "Whether users reach the application over HTTPS, through a load balancer, an HTTP API or App Runner that sets "
    "X-Forwarded-Proto. Then the header is trusted, HTTP is redirected and cookies are marked secure.",
    profile_field="https",
)
HSTS_SECONDS = Integer(
    "WEBAPP_HSTS_SECONDS", "Lifetime of Strict-Transport-Security in seconds, with HTTPS.", default=3600
)
TRUSTED_PROXIES = Items(
    "WEBAPP_TRUSTED_PROXIES",
    "Networks of the load balancers in front, comma-separated, with WEBAPP_HTTPS in a container: X-Forwarded-For "
    "and X-Forwarded-Proto are read only from them, the last entry of each, and dropped from all other clients. "
    "Name the load balancer's subnets when other clients can reach the container too.",
    parser=_network,
    default="10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1",
)
BASE_PATH = Text(
    "WEBAPP_BASE_PATH",
    "Path under which users reach the application, such as /shop: the base path of a custom domain, or the path of a "
    "rule of a load balancer or CloudFront. Links, redirects and cookies include it, whether the hop in front strips "
    "it or not.",
    parser=_base_path,
)
BASE_PATH_STRIPPED = Flag(
    "WEBAPP_BASE_PATH_STRIPPED",
    "Whether the hop in front strips WEBAPP_BASE_PATH from the path. Needed when URLs of the project begin with it "
    "too, such as /api/items under the base path /api: 1 when the hop strips it, 0 when it does not.",
    default_note="both are accepted",
)
HOST_HEADER = Text(
    "WEBAPP_HOST_HEADER",
    "Header that names the public host, such as X-Forwarded-Host for CloudFront, which replaces Host with the "
    "origin's own name. Needs WEBAPP_HTTPS; read only from WEBAPP_TRUSTED_PROXIES, the last entry. Let only the hop "
    "that writes this header reach the application.",
    parser=_host_header,
    default=HOST,
)
PROTO_HEADER = Text(
    "WEBAPP_PROTO_HEADER",
    "Header that names the scheme that users use, such as CloudFront-Forwarded-Proto. Needed when an inner hop sets "
    "X-Forwarded-Proto to http, which would redirect every request forever. Needs WEBAPP_HTTPS; read only from "
    "WEBAPP_TRUSTED_PROXIES, the last entry. Let only the hop that writes it reach the application.",
    parser=_proto_header,
    default=PROTO,
)
