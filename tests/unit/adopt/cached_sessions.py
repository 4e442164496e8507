"""A project's own session engine, which stores sessions in a cache."""

from django.contrib.sessions.backends.cache import SessionStore as CachedSessions


class SessionStore(CachedSessions): ...
