"""Rejects a handler that leaks persistent connections."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.types import Application


def require_lasting_threads(handler: Application) -> Application:
    """Return `handler`; raise ImproperlyConfigured if it is Django's own and a database has CONN_MAX_AGE.

    Under Django's handler each request's thread ends with the request, and no code closes the thread's connection.
    A system check cannot see which handler serves, so this check runs when the handler is created.
    """
    kept = [alias for alias, database in settings.DATABASES.items() if database.get("CONN_MAX_AGE", 0) != 0]
    if kept and isinstance(handler, ASGIHandler) and not isinstance(handler, OneHopASGIHandler):
        raise ImproperlyConfigured(
            f"CONN_MAX_AGE is set for {', '.join(kept)}, and Django's own ASGI handler would leak a connection with "
            f"each request; serve with OneHopASGIHandler, or choose a WEBAPP_DB_STRATEGY other than persistent"
        )
    return handler
