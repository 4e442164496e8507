"""The secret key, the hosts the application answers to, the origins and the proxies it trusts."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError

_SHORTEST_KEY = 50
_LOCAL_KEY = "insecure-and-public-for-the-local-runtime-only-" + "0123456789" * 2
_LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def secret_key(environment: Environment, *, local: bool) -> str:
    """Django's SECRET_KEY; raises ConfigurationError, which never shows it."""
    key = environment.secret("WEBAPP_SECRET_KEY")
    if key is None:
        if local:
            return _LOCAL_KEY
        raise ConfigurationError(
            f"WEBAPP_SECRET_KEY is not set; set a random text of at least {_SHORTEST_KEY} characters"
        )
    if not local and (len(key) < _SHORTEST_KEY or key == _LOCAL_KEY):
        raise ConfigurationError(
            f"WEBAPP_SECRET_KEY has {len(key)} characters or is the public one; "
            f"set a random text of at least {_SHORTEST_KEY} characters"
        )
    return key


def hosts_and_origins(environment: Environment, *, local: bool) -> tuple[list[str], list[str]]:
    """ALLOWED_HOSTS and CSRF_TRUSTED_ORIGINS; raises ConfigurationError for none, `*` or an origin without scheme."""
    hosts = environment.names("WEBAPP_ALLOWED_HOSTS")
    if not hosts:
        if not local:
            raise ConfigurationError(
                "WEBAPP_ALLOWED_HOSTS is not set; set the host names that users type, comma-separated"
            )
        hosts = _LOCAL_HOSTS
    if "*" in hosts:
        raise ConfigurationError("WEBAPP_ALLOWED_HOSTS='*' accepts forged hosts; name the hosts that users type")
    origins = environment.names("WEBAPP_CSRF_TRUSTED_ORIGINS")
    for origin in origins:
        if not origin.startswith(("https://", "http://")):
            raise ConfigurationError(
                f"WEBAPP_CSRF_TRUSTED_ORIGINS={origin!r} has no scheme; write https://{origin.split('://')[-1]}"
            )
    return hosts, origins or [_origin_of(host) for host in hosts]


def trusted_proxies(environment: Environment) -> list[IPv4Network | IPv6Network]:
    """The networks whose X-Forwarded- headers are believed; raises ConfigurationError for what is no network."""
    networks = []
    for name in environment.names("WEBAPP_TRUSTED_PROXIES"):
        try:
            networks.append(ip_network(name))
        except ValueError:
            raise ConfigurationError(
                f"WEBAPP_TRUSTED_PROXIES={name!r} is not a network; write addresses as 10.0.1.7 or 10.0.0.0/16"
            ) from None
    return networks


def _origin_of(host: str) -> str:
    # A leading dot means subdomains to ALLOWED_HOSTS; CSRF_TRUSTED_ORIGINS writes that with a star.
    return f"https://*{host}" if host.startswith(".") else f"https://{host}"
