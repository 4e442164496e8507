"""Sessions in the store; the engine of SESSION_ENGINE."""

from typing import Any

from django.contrib.sessions.backends.cache import SessionStore as CachedSessions
from django.core.cache.backends.base import BaseCache

from django_runtimes.outages.store_error import StoreUnavailableError


class SessionStore(CachedSessions):
    """Django's sessions in a cache, except that a store that does not answer, or refuses, is an error.

    Django's own would begin a new session, which logs the visitor out. The error becomes a 503, after which Django
    saves no session and changes no cookie. The cache must raise StoreUnavailableError for each error of its store.
    """

    _cache: BaseCache

    def load(self) -> Any:
        try:
            data = self._cache.get(self.cache_key)
        except StoreUnavailableError:
            raise
        except Exception:
            # An invalid cookie gives a key that the store refuses, and the data may be of classes that no longer exist.
            data = None
        return self._loaded(data)

    async def aload(self) -> Any:
        try:
            data = await self._cache.aget(await self.acache_key())
        except StoreUnavailableError:
            raise
        except Exception:
            data = None
        return self._loaded(data)

    def _loaded(self, data: Any) -> Any:
        if data is not None:
            return data
        self._session_key = None
        return {}
