"""Renders outages in the format that the client accepts."""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.log import log_response

from django_runtimes.outages.outage import STORE_UNAVAILABLE, Outage, database_error, described, outage_of, store_error

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
        of_database = database_error(error)
        found = None if of_database is None else outage_of(of_database)
        if of_database is None or found is None:
            return None
        outage, reason = found, described(of_database)
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

    It is rendered without session, user and context processors, which would query the database.
    """
    response = _in_format(_media_type(request), outage)
    response["Retry-After"] = str(outage.retry_after_s)
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    patch_vary_headers(response, ["Accept"])
    if request.method == "HEAD":
        response.content = b""
    return response


def _media_type(request: HttpRequest) -> str | None:
    return "application/json" if request.path_info.startswith(_API) else request.get_preferred_type(_MEDIA_TYPES)


def _in_format(media_type: str | None, outage: Outage) -> HttpResponse:
    if media_type == "application/json":
        error = {"code": outage.code, "message": outage.message}
        return JsonResponse({"error": error}, status=outage.status)
    if media_type == "text/html":
        try:
            page = render_to_string(f"{outage.status}.html")
        except TemplateDoesNotExist:
            # The project may have no such template.
            pass
        except Exception as error:
            # The template may raise anything: it may reverse an unknown URL, or run a query.
            logger.error("Cannot render %s.html, so the response is plain text: %r", outage.status, error)  # noqa: TRY400
        else:
            return HttpResponse(page, status=outage.status)
    return HttpResponse(f"{outage.message}\n", status=outage.status, content_type="text/plain; charset=utf-8")
