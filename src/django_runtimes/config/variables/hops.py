"""Variables of the hops in front of the application: HTTPS, proxies, the base path and forwarded headers."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from django_runtimes.config.variables.header_names import HOST_HEADER as HOST
from django_runtimes.config.variables.header_names import PROTO_HEADER as PROTO
from django_runtimes.config.variables.header_names import may_name_host, may_name_scheme
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
            "write a path such as /shop, without a slash at its end and with only letters, digits and . _ ~ - between "
            "slashes, or unset it for an application at the root of its host",
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
        f"name a header that the hop in front writes, with only letters, digits and hyphens, or unset it for {default}",
    )


HTTPS = Flag(
    "WEBAPP_HTTPS",
    "Whether users reach the application over HTTPS, through a load balancer, an HTTP API or App Runner that sets "
    "X-Forwarded-Proto. If so, the header is trusted, HTTP is redirected to HTTPS and cookies are marked secure. "
    "0 turns this off, and the session's and the CSRF cookie lose what browsers accept only over HTTPS: the prefixes "
    "__Host- and __Secure- of their names, and SameSite=None.",
    profile_field="https",
)
HSTS_SECONDS = Integer(
    "WEBAPP_HSTS_SECONDS", "Lifetime of Strict-Transport-Security in seconds, with HTTPS.", default=3600
)
TRUSTED_PROXIES = Items(
    "WEBAPP_TRUSTED_PROXIES",
    "Networks of the load balancers in front, comma-separated, used with WEBAPP_HTTPS in a container. The last entries "
    "of X-Forwarded-For and X-Forwarded-Proto are read only from these networks; the headers of all other clients are "
    "dropped. If other clients can reach the container too, name the load balancer's subnets.",
    parser=_network,
    default="10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1",
)
BASE_PATH = Text(
    "WEBAPP_BASE_PATH",
    "Path under which users reach the application, such as /shop: the base path of a custom domain, or the path in a "
    "load balancer's or CloudFront's rule. Links, redirects and cookies include it, whether or not the hop in front "
    "strips it.",
    parser=_base_path,
)
BASE_PATH_STRIPPED = Flag(
    "WEBAPP_BASE_PATH_STRIPPED",
    "Whether the hop in front strips WEBAPP_BASE_PATH from the path: 1 if it does, 0 if it does not. Set it if URLs of "
    "the project begin with the base path too, such as /api/items under the base path /api.",
    default_note="both are accepted",
)
HOST_HEADER = Text(
    "WEBAPP_HOST_HEADER",
    "Header that names the public host, such as X-Forwarded-Host for CloudFront, which replaces Host with the "
    "origin's own name. Needs WEBAPP_HTTPS. Only the last entry is read, and only from WEBAPP_TRUSTED_PROXIES. Let "
    "only the hop that writes this header reach the application.",
    parser=_host_header,
    default=HOST,
)
PROTO_HEADER = Text(
    "WEBAPP_PROTO_HEADER",
    "Header with the scheme of the user's request, such as CloudFront-Forwarded-Proto. Set it if an inner hop sets "
    "X-Forwarded-Proto to http; otherwise every request would be redirected forever. Needs WEBAPP_HTTPS. Only the last "
    "entry is read, and only from WEBAPP_TRUSTED_PROXIES. Let only the hop that writes this header reach the "
    "application.",
    parser=_proto_header,
    default=PROTO,
)
