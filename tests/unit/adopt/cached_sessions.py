"""A project's own session engine on a cache."""

from django.contrib.sessions.backends.cache import SessionStore as CachedSessions


class SessionStore(CachedSessions): ...
