"""System checks of direct uploads."""

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from django_runtimes.files.upload_limits import SIGN_URL, uploads_are_direct

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


def check_uploads() -> list[CheckMessage]:
    """Report missing URLs and missing sessions, without which no upload can be sent to the bucket."""
    if not uploads_are_direct():
        return []
    found: list[CheckMessage] = []
    try:
        reverse(SIGN_URL)
    except NoReverseMatch:
        found.append(
            Error(
                "WEBAPP_DIRECT_UPLOADS=1, but no URL signs the uploads.",
                hint="Add path('uploads/', include('django_runtimes.files.urls')) to the URLs.",
                id="django_runtimes.E033",
            )
        )
    if not any(_has_sessions(name) for name in settings.MIDDLEWARE):
        found.append(
            Error(
                "WEBAPP_DIRECT_UPLOADS=1, but MIDDLEWARE has no sessions, to which each upload is bound.",
                hint=f"Add {_SESSIONS!r} to MIDDLEWARE, or set WEBAPP_DIRECT_UPLOADS=0.",
                id="django_runtimes.E034",
            )
        )
    return found


def _has_sessions(middleware: str) -> bool:
    """Return whether a middleware is Django's, derived from it, or has its name, as packages' own ones have."""
    if middleware.rpartition(".")[2] == SessionMiddleware.__name__:
        return True
    # The import of a project's module may raise anything, which Django reports.
    try:
        found = import_string(middleware)
    except Exception:
        return False
    return isinstance(found, type) and issubclass(found, SessionMiddleware)
