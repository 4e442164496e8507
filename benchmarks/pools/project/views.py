"""A view that uses its connection for half of its time."""

import time

from django.db import connection
from django.http import HttpRequest, JsonResponse

_QUERY_S = 0.04
_OTHER_WORK_S = 0.04


def work(request: HttpRequest) -> JsonResponse:
    """Return in `wait_ms` how long the first statement took, which includes the wait for a connection.

    With a pooler the wait is in the statement, and with a pool it is before it. An error has status 500 and its class
    in `error`.
    """
    started_s = time.perf_counter()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            wait_ms = (time.perf_counter() - started_s) * 1000
            cursor.execute("SELECT pg_sleep(%s)", [_QUERY_S])
        # As while a view calls another service or renders a page.
        time.sleep(_OTHER_WORK_S)
    except Exception as error:
        return JsonResponse({"error": _named(error)}, status=500)
    return JsonResponse({"wait_ms": wait_ms})


def _named(error: BaseException) -> str:
    """Return the class of the error that Django has wrapped, or the error's own."""
    return type(error.__cause__ or error).__name__
