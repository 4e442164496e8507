"""Settings with Sentry, whose events are written to the records instead of being sent to its server."""

import os
from datetime import datetime

import sentry_sdk
from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport

from instrumented.records import record
from instrumented.settings import *  # noqa: F403


class _ToRecords(Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            if item.type in {"event", "transaction"}:
                self._write(item.type, item.payload.json)

    def _write(self, kind, event):
        (exception,) = event.get("exception", {}).get("values", [{}])[-1:]
        tags = dict(event.get("tags") or {})
        record(
            kind="request" if kind == "transaction" else "error",
            name=event.get("transaction"),
            url=event.get("request", {}).get("url"),
            status=event["contexts"].get("response", {}).get("status_code"),
            user=event.get("user", {}).get("id"),
            tenant=tags.get("tenant"),
            crumbs=_crumbs(event) if kind == "event" else None,
            error=exception.get("type"),
            started=_seconds(event.get("start_timestamp")),
            ended=_seconds(event["timestamp"]),
            lambda_request=event.get("extra", {}).get("lambda", {}).get("aws_request_id"),
        )


def _seconds(timestamp):
    return timestamp and datetime.fromisoformat(timestamp).timestamp()


def _crumbs(event):
    """Return the breadcrumbs that `note` added to an error; a transaction has none."""
    crumbs = event.get("breadcrumbs", {}).get("values", [])
    return [crumb["message"] for crumb in crumbs if crumb.get("category") == "note"]


sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    transport=_ToRecords,
    traces_sample_rate=1.0,
    integrations=[DjangoIntegration(), *([AwsLambdaIntegration()] if "INSTRUMENTED_AWS_LAMBDA" in os.environ else [])],
)


def note(number: int) -> None:
    sentry_sdk.set_tag("tenant", str(number))
    sentry_sdk.set_user({"id": str(number)})
    sentry_sdk.add_breadcrumb(category="note", message=str(number))
