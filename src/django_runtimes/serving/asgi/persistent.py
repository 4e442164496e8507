"""Refuses a handler under which persistent connections leak."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.types import Application


def require_lasting_threads(handler: Application) -> Application:
    """The handler; ImproperlyConfigured when it is Django's own and some database has CONN_MAX_AGE.

    Django's gives each request a thread that ends with it, and the connection stays open with nobody to close it.
    A system check cannot see which handler serves, so that this stands where the handler is made.
    """
    kept = [alias for alias, database in settings.DATABASES.items() if database.get("CONN_MAX_AGE", 0) != 0]
    if kept and isinstance(handler, ASGIHandler) and not isinstance(handler, OneHopASGIHandler):
        raise ImproperlyConfigured(
            f"CONN_MAX_AGE is set for {', '.join(kept)}, and Django's own ASGI handler would leak a connection with "
            f"each request; serve with OneHopASGIHandler, or choose another WEBAPP_DB_STRATEGY than persistent"
        )
    return handler
