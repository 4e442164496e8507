"""Sends traces of requests and queries by OpenTelemetry's protocol; imported only if WEBAPP_TRACES turns it on."""

import os
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from opentelemetry import propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.serving.observed import current_observation

# A function waits for the collector before each freeze, so one that does not answer must not cost 10 s.
_FUNCTION_TIMEOUT_S = 1.0
_TIMEOUT_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
# Attributes that end with the query string, in both versions of the conventions.
_WITH_QUERY = ("http.url", "http.target", "url.full")


def start_tracing(*, runtime: str, stage: str | None, freezes: bool) -> Callable[[], object]:
    """Instrument Django and psycopg; return the function that sends all ended spans.

    Call it once in each serving process, after Django's set-up and before the handler. The variables OTEL_… name the
    collector, the service, further attributes and the sampler. `freezes` is whether the process is frozen between
    requests.
    """
    attributes = {"cloud.platform": runtime}
    if stage is not None:
        attributes["deployment.environment.name"] = stage
    # OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME override these.
    provider = TracerProvider(resource=Resource(attributes).merge(Resource.create()))
    is_limited = freezes and not any(os.environ.get(name) for name in _TIMEOUT_VARIABLES)
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(timeout=_FUNCTION_TIMEOUT_S if is_limited else None))
    )
    trace.set_tracer_provider(provider)
    # If a request has several contexts, the last propagator's is used.
    propagate.set_global_textmap(
        CompositePropagator([AwsXRayPropagator(), TraceContextTextMapPropagator(), W3CBaggagePropagator()])
    )
    DjangoInstrumentor().instrument(request_hook=_complete)
    PsycopgInstrumentor().instrument()
    return provider.force_flush


def _complete(span: Any, request: HttpRequest) -> None:
    """Give the request's log lines the id of the trace, and take the query string out of the span."""
    observed = current_observation.get()
    if isinstance(observed, ObservedRequest):
        observed.trace_id = trace.format_trace_id(span.get_span_context().trace_id)
    # A span that is not sampled has no attributes.
    for name, value in dict(getattr(span, "attributes", None) or {}).items():
        if name in _WITH_QUERY:
            span.set_attribute(name, str(value).partition("?")[0])
        elif name == "url.query":
            span.set_attribute(name, "")
