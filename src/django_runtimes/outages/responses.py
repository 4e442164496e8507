"""Renders outages in the format that the client accepts."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.log import log_response

from django_runtimes.databases.interface.engine_registry import driver_error
from django_runtimes.outages.outage import STORE_UNAVAILABLE, Outage, outage_of, store_error

logger = logging.getLogger(__name__)

# In order of preference; `*/*` gets the first.
_MEDIA_TYPES = ("text/plain", "application/json", "text/html")
# Paths whose other errors are JSON, whatever the client accepts.
_API = "/api/"


def answer_to(error: BaseException | None, request: HttpRequest) -> HttpResponse | None:
    """Return the response to an outage that a view, template or middleware raised; None for every other error.

    Logs one line at WARNING instead of a traceback at ERROR for each request.
    """
    if (of_store := store_error(error)) is not None:
        outage, reason = STORE_UNAVAILABLE, f"store: {of_store}"
    else:
        found = driver_error(error)
        of_database = None if found is None else outage_of(found)
        if found is None or of_database is None:
            return None
        outage, reason = of_database, found.engine.described(found.error)
    response = outage_response(request, outage)
    log_response(
        "%s: %s (%s)",
        response.reason_phrase,
        request.path,
        reason,
        response=response,
        request=request,
        level="warning",
    )
    return response


def outage_response(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Return JSON, a page or plain text.

    The page's template has the variable `csp_nonce` alone: session, user and the project's context processors would
    query the database.
    """
    response = _in_format(request, outage)
    response["Retry-After"] = str(outage.retry_after_s)
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    patch_vary_headers(response, ["Accept"])
    if request.method == "HEAD":
        response.content = b""
    return response


def _media_type(request: HttpRequest) -> str | None:
    return "application/json" if request.path_info.startswith(_API) else request.get_preferred_type(_MEDIA_TYPES)


def _csp_nonce(request: HttpRequest) -> Any:
    """Return the nonce of the response's policy; it is empty without the middleware that sends the policy."""
    # django-csp's middleware sets the first attribute, and Django 6's the second. Reading the nonce creates it.
    nonce = getattr(request, "csp_nonce", None)
    return getattr(request, "_csp_nonce", "") if nonce is None else nonce


def _in_format(request: HttpRequest, outage: Outage) -> HttpResponse:
    media_type = _media_type(request)
    if media_type == "application/json":
        error = {"code": outage.code, "message": outage.message}
        return JsonResponse({"error": error}, status=outage.status)
    if media_type == "text/html":
        try:
            page = render_to_string(f"{outage.status}.html", {"csp_nonce": _csp_nonce(request)})
        except TemplateDoesNotExist:
            # The project may have no such template.
            pass
        except Exception as error:
            # The template may raise anything: it may reverse an unknown URL, or run a query.
            logger.error("Cannot render %s.html, so the response is plain text: %r", outage.status, error)  # noqa: TRY400
        else:
            return HttpResponse(page, status=outage.status)
    return HttpResponse(f"{outage.message}\n", status=outage.status, content_type="text/plain; charset=utf-8")
