"""Settings with OpenTelemetry's Django instrumentation, whose spans are written to the records."""

from opentelemetry import trace
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind

from instrumented.records import record
from instrumented.settings import *  # noqa: F403


class _ToRecords(SpanExporter):
    def export(self, spans):
        for span in spans:
            if span.kind is SpanKind.SERVER:
                self._write(span)
        return SpanExportResult.SUCCESS

    def _write(self, span):
        attributes = span.attributes
        fields = {
            "name": span.name,
            "url": attributes.get("http.url"),
            "user": attributes.get("enduser.id"),
            "tenant": attributes.get("tenant"),
            "crumbs": [event.attributes["number"] for event in span.events if event.name == "note"],
        }
        record(
            kind="request",
            **fields,
            status=attributes.get("http.status_code"),
            started=span.start_time / 1e9,
            ended=span.end_time / 1e9,
        )
        for event in span.events:
            if event.name == "exception":
                record(kind="error", **fields, error=event.attributes["exception.type"])


trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(_ToRecords()))


def note(number: int) -> None:
    span = trace.get_current_span()
    span.set_attribute("tenant", str(number))
    span.set_attribute("enduser.id", str(number))
    span.add_event("note", {"number": str(number)})


# The instrumentation adds middleware to the settings, so the settings must be complete.
DjangoInstrumentor().instrument()
