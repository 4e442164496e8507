"""A Lambda handler with Django's own engine; each invocation runs one query as a request of Django would."""

from typing import Any

import django

django.setup()

from django.core.signals import request_finished, request_started  # noqa: E402
from django.db import connection  # noqa: E402


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Run one query that takes `s` seconds between the signals that open and close connections."""
    request_started.send(sender=handler)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [event["s"]])
    finally:
        request_finished.send(sender=handler)
    return {"statusCode": 200}
