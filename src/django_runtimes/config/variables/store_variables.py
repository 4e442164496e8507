"""Variables of the store of sessions, cache entries and counters."""

from typing import TYPE_CHECKING

from django_runtimes.config.values.choices import SessionPlace
from django_runtimes.config.variables.kinds import Choice
from django_runtimes.config.variables.variable import Variable

if TYPE_CHECKING:
    from django_runtimes.config.store_url import StoreAddress


class StoreUrl(Variable["StoreAddress | None"]):
    """The URL of a store, which may contain a password."""

    kind = "URL"

    def parse(self, text: str) -> "StoreAddress":
        """Return the address; raise ConfigurationError, without the URL, if it is invalid."""
        # Imported here so that only processes with a store import it.
        from django_runtimes.config.store_url import parse_store_url

        return parse_store_url(text)


STORE_URL = StoreUrl(
    "WEBAPP_STORE_URL",
    "Store of the cache, of sessions and of counters of requests: `memory://`, `redis://…`, `rediss://…`, "
    "`valkey://…`, `valkeys://…` or `dynamodb://TABLE`, in the region of AWS_REGION or of `?region=…` "
    "(`webapp docs stores`).",
    default=None,
    default_note="the settings' own caches and sessions",
    is_secret=True,
)
SESSIONS = Choice(
    "WEBAPP_SESSIONS",
    "Whether sessions are in the store or in the database.",
    SessionPlace,
    noun="place for sessions",
    default_note="SESSION_ENGINE of the settings, else the store if there is one other than memory://",
)
