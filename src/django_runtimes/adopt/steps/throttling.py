"""Adds the middleware that limits the requests of each client address."""

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.config.variables.throttle_variables import THROTTLE

MIDDLEWARE = "django_runtimes.ThrottleMiddleware"
# With both of its names in the list, each request would count twice.
_NAMES = (MIDDLEWARE, "django_runtimes.throttling.throttle_middleware.ThrottleMiddleware")
# These serve static files, or add headers that responses with 429 need too; the project's own may be derived from them.
_BEFORE = (
    "SecurityMiddleware",
    "ContentSecurityPolicyMiddleware",
    "CSPMiddleware",
    "PermissionsPolicyMiddleware",
    "WhiteNoiseMiddleware",
    "CorsMiddleware",
)


def set_throttle(draft: Draft, variables: ProcessVariables) -> None:
    """Add the middleware for WEBAPP_THROTTLE, before all that reads sessions, users or the database."""
    if variables[THROTTLE] is None:
        return
    if not variables.is_local and not variables.is_set(STORE_URL):
        raise ConfigurationError(
            f"{THROTTLE.name}='{variables.environ[THROTTLE.name]}' needs a store that all processes share, and "
            f"{STORE_URL.name} is not set; set it (memory:// counts in each process alone)"
        )
    middleware = draft.value("MIDDLEWARE")
    if any(name in _NAMES for name in middleware):
        return
    place = max((index + 1 for index, name in enumerate(middleware) if name.endswith(_BEFORE)), default=0)
    after = type(middleware)([*middleware[:place], MIDDLEWARE, *middleware[place:]])
    draft.set("MIDDLEWARE", after, f"{THROTTLE.name} is set: this middleware counts the requests")
