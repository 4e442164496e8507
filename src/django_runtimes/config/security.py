"""The secret key, the hosts the application answers to, and the origins it trusts."""

from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.variables.application import ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS, SECRET_KEY

_SHORTEST_KEY = 50
_LOCAL_KEY = "insecure-and-public-for-the-local-runtime-only-" + "0123456789" * 2
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def secret_key(environment: Environment, *, local: bool) -> str:
    """Django's SECRET_KEY; raises ConfigurationError, which never shows it."""
    key = environment[SECRET_KEY]
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
    """ALLOWED_HOSTS and CSRF_TRUSTED_ORIGINS; raises ConfigurationError without a host."""
    hosts = environment[ALLOWED_HOSTS]
    if not hosts:
        if not local:
            raise ConfigurationError(
                "WEBAPP_ALLOWED_HOSTS is not set; set the host names that users type, comma-separated"
            )
        hosts = list(_LOCAL_HOSTS)
    return hosts, environment[CSRF_TRUSTED_ORIGINS] or [_origin_of(host) for host in hosts]


def _origin_of(host: str) -> str:
    # A leading dot means subdomains to ALLOWED_HOSTS; CSRF_TRUSTED_ORIGINS writes that with a star.
    return f"https://*{host}" if host.startswith(".") else f"https://{host}"
