"""Variables of the hops in front of the application: HTTPS, proxies, the base path and the headers that they write."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from django_runtimes.config.http.header_names import HOST_HEADER as HOST
from django_runtimes.config.http.header_names import PROTO_HEADER as PROTO
from django_runtimes.config.http.header_names import may_name_host, may_name_scheme
from django_runtimes.config.variables.kinds import Flag, Integer, Items, Text
from django_runtimes.config.variables.variable import RuleError

# RFC 3986 without what a proxy or a browser would normalize: percent escapes, `//`, `.` and `..`.
# Compiled when one is set, as most applications have none.
_BASE_PATH = r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+"


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise RuleError("is not a network", "write addresses as 10.0.1.7 or 10.0.0.0/16") from None


def _base_path(path: str) -> str:
    if re.fullmatch(_BASE_PATH, path) is None:
        raise RuleError(
            "is not a path",
            "begin with a slash, end without one, and use letters, digits and . _ ~ - between: /shop. "
            "Unset it for an application at the root of its host",
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
        "is not a header for this",
        f"name one with letters, digits and hyphens that the hop in front writes, or unset it for {default}",
    )


HTTPS = Flag(
    "WEBAPP_HTTPS",
    "Whether users reach the application by HTTPS, through a load balancer, an HTTP API or App Runner that "
    "sets X-Forwarded-Proto: trusts that header, redirects HTTP, marks cookies secure.",
    profile_field="https",
)
HSTS_SECONDS = Integer(
    "WEBAPP_HSTS_SECONDS", "Strict-Transport-Security's lifetime in seconds, with HTTPS.", default=3600
)
TRUSTED_PROXIES = Items(
    "WEBAPP_TRUSTED_PROXIES",
    "Networks of the load balancers in front, comma-separated, with WEBAPP_HTTPS in a container: X-Forwarded-For "
    "and X-Forwarded-Proto are read from them alone, the last entry of each, and dropped from anybody else. "
    "Name the load balancer's subnets where others can reach the container too.",
    parser=_network,
    default="10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1",
)
BASE_PATH = Text(
    "WEBAPP_BASE_PATH",
    "Path under which users reach the application, as /shop: the base path of a custom domain, the rule of a load "
    "balancer or of CloudFront. Links, redirects and cookies carry it, whether the hop in front strips it or not.",
    parser=_base_path,
)
BASE_PATH_STRIPPED = Flag(
    "WEBAPP_BASE_PATH_STRIPPED",
    "Whether the hop in front takes WEBAPP_BASE_PATH off the path. Needed where URLs of the project begin with it "
    "too, as /api/items under the base path /api: 1 where the hop takes it off, 0 where it leaves it.",
    default_note="both are understood",
)
HOST_HEADER = Text(
    "WEBAPP_HOST_HEADER",
    "Header that names the public host, as X-Forwarded-Host: for CloudFront, which replaces Host by the origin's "
    "own name. Needs WEBAPP_HTTPS; read from WEBAPP_TRUSTED_PROXIES alone, the last entry. Let only the hop that "
    "writes this header reach the application.",
    parser=_host_header,
    default=HOST,
)
PROTO_HEADER = Text(
    "WEBAPP_PROTO_HEADER",
    "Header that names the scheme by which users come, as CloudFront-Forwarded-Proto: for an inner hop that says "
    "http in X-Forwarded-Proto, after which every request would be redirected for ever. Needs WEBAPP_HTTPS; read "
    "from WEBAPP_TRUSTED_PROXIES alone, the last entry. Let only the hop that writes it reach the application.",
    parser=_proto_header,
    default=PROTO,
)
