"""Responds to outages before a project's own handler500 runs, whatever its URLconf."""

from typing import Any

from django.conf import settings
from django.core.handlers import exception
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLResolver


def answer_outages() -> None:
    """Respond to outages of the database in this process from now on; a second call changes nothing.

    All of Django's handlers call one function for uncaught exceptions. No setting replaces that function, so this one
    patches it. Django calls it after the signal got_request_exception, so requests without an error are not slower.
    """
    djangos = exception.handle_uncaught_exception
    if getattr(djangos, "answers_outages", False):
        return

    def handle_uncaught_exception(
        request: HttpRequest, resolver: URLResolver, exc_info: tuple[Any, Any, Any]
    ) -> HttpResponseBase:
        if not (settings.DEBUG or settings.DEBUG_PROPAGATE_EXCEPTIONS):
            # This import is here, since the module imports Django's templates, which would slow down a cold start.
            from django_runtimes.outages.responses import answer_to

            response = answer_to(exc_info[1], request)
            if response is not None:
                return response
        return djangos(request, resolver, exc_info)

    handle_uncaught_exception.answers_outages = True  # type: ignore[attr-defined]
    exception.handle_uncaught_exception = handle_uncaught_exception  # type: ignore[assignment]
