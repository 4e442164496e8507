"""Puts the answers to outages in front of a project's own handler500, whatever its URLconf."""

from typing import Any

from django.conf import settings
from django.core.handlers import exception
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLResolver


def answer_outages() -> None:
    """From now on answer outages of the database in this process; calling it again changes nothing.

    Django has one function for what no view, template or middleware has caught, on every kind of handler, and no
    setting for it. It is called once the signal got_request_exception is sent, and costs a good request nothing.
    """
    djangos = exception.handle_uncaught_exception
    if getattr(djangos, "answers_outages", False):
        return

    def handle_uncaught_exception(
        request: HttpRequest, resolver: URLResolver, exc_info: tuple[Any, Any, Any]
    ) -> HttpResponseBase:
        if not (settings.DEBUG or settings.DEBUG_PROPAGATE_EXCEPTIONS):
            # Templates and the like, which no cold start should wait for.
            from django_runtimes.outages.responses import answer_to

            response = answer_to(exc_info[1], request)
            if response is not None:
                return response
        return djangos(request, resolver, exc_info)

    handle_uncaught_exception.answers_outages = True  # type: ignore[attr-defined]
    exception.handle_uncaught_exception = handle_uncaught_exception  # type: ignore[assignment]
