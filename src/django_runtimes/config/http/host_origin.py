"""Derives trusted origins from the allowed hosts."""

from collections.abc import Iterable

# Every customer of AWS can have a host name below these, so a wildcard would trust the applications of others.
_SHARED_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".awsapprunner.com", ".cloudfront.net", ".on.aws")


def trusted_origins(hosts: Iterable[str | None]) -> list[str]:
    """Return the origins of the allowed hosts, except wildcards that include hosts of others.

    Requests from the application's own pages need no entry, whatever their host.
    """
    return [origin_of(host) for host in hosts if host and host != "*" and not _is_shared(host)]


def origin_of(host: str) -> str:
    """Return an allowed host's origin; a leading dot becomes `*.`, which CSRF_TRUSTED_ORIGINS uses for subdomains."""
    return f"https://*{host}" if host.startswith(".") else f"https://{host}"


def _is_shared(host: str) -> bool:
    return host.startswith(".") and host.lower().endswith(_SHARED_DOMAINS)
