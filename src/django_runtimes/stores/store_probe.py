"""Asks the store whether it can be used, as the cache and the sessions use it."""

import secrets
from typing import NamedTuple

from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.utils.module_loading import import_string

from django_runtimes.outages.store_error import StoreRefusedError, StoreUnavailableError
from django_runtimes.stores.tolerance import TolerantCache

_KEY = "django_runtimes.probe"
_LIFETIME_S = 60


class StoreFailure(NamedTuple):
    """Why the store cannot be used, and the remedy, which may be empty."""

    text: str
    remedy: str = ""


def store_failure() -> StoreFailure | None:
    """Write an entry, read it and delete it; return the failure, or None."""
    written = secrets.token_hex()
    cache = strict_cache()
    try:
        cache.set(_KEY, written, _LIFETIME_S)
        found = cache.get(_KEY)
        cache.delete(_KEY)
    except StoreRefusedError as error:
        text = f"the store refuses to be used: {error}" if error.remedy else str(error)
        return StoreFailure(text, error.remedy)
    except StoreUnavailableError as error:
        return StoreFailure(f"the store does not answer: {error}", "check its address, and the network's rules")
    except Exception as error:
        # The project's own functions for keys may raise anything.
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return StoreFailure(f"the store refuses to be used: {reason}", "check CACHES and WEBAPP_STORE_URL")
    finally:
        # A command ends after the probe.
        getattr(cache, "disconnect", lambda: None)()
    if found not in (written, None):
        # Another process probes at the same time.
        return None
    if found is None:
        return StoreFailure("the store has lost an entry at once", "check its memory, and its policy of eviction")
    return None


def strict_cache() -> BaseCache:
    """Return the default cache as a backend that raises while the store does not answer."""
    entry = dict(settings.CACHES["default"])
    backend = import_string(entry.pop("BACKEND"))
    location = entry.pop("LOCATION", "")
    strict = next(base for base in backend.__mro__ if not issubclass(base, TolerantCache))
    return strict(location, entry)  # type: ignore[no-any-return]
