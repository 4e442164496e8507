"""Sends traces of requests and queries by OpenTelemetry's protocol; imported only if WEBAPP_TRACES turns it on."""

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

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

from django_runtimes.observability.access.observed_request import ObservedRequest, route_of
from django_runtimes.observability.access.request_filter import NO_ROUTE
from django_runtimes.serving.observed import current_observation
from django_runtimes.snapshot_hooks import HOOKS, takes_snapshot

# A function waits for the collector before each freeze, so one that does not answer must not cost 10 s.
_FUNCTION_TIMEOUT_S = 1.0
_TIMEOUT_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
# Attributes that contain the path and the query string, in both versions of the conventions.
_URLS = ("http.url", "url.full")
_PATHS = ("http.target", "url.path")
_QUERY = "url.query"


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
    timeout_s = _FUNCTION_TIMEOUT_S if is_limited else None

    def send_spans() -> None:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout_s)))

    if takes_snapshot():
        # The processor has a thread, and until the restore there are only spans of the pages that warm the process up.
        HOOKS.resume_after_restore(send_spans)
    else:
        send_spans()
    trace.set_tracer_provider(provider)
    # If a request has several contexts, the last propagator's is used.
    propagate.set_global_textmap(
        CompositePropagator([AwsXRayPropagator(), TraceContextTextMapPropagator(), W3CBaggagePropagator()])
    )
    DjangoInstrumentor().instrument(request_hook=_complete, response_hook=_name_route)
    PsycopgInstrumentor().instrument()
    return provider.force_flush


def _complete(span: Any, request: HttpRequest) -> None:
    """Give the request's log lines the id of the trace, and take the path and the query string out of the span."""
    observed = current_observation.get()
    if isinstance(observed, ObservedRequest):
        observed.trace_id = trace.format_trace_id(span.get_span_context().trace_id)
    _name_route(span, request)


def _name_route(span: Any, request: HttpRequest, response: object = None) -> None:
    """Set the pattern of the URL, if it is known, in place of the path, which may contain the token of a link."""
    route = route_of(request) or NO_ROUTE
    # A span that is not sampled has no attributes.
    for name, value in dict(getattr(span, "attributes", None) or {}).items():
        if name in _PATHS:
            span.set_attribute(name, route)
        elif name in _URLS:
            url = urlsplit(str(value))
            span.set_attribute(name, f"{url.scheme}://{url.netloc}{route.removeprefix(NO_ROUTE)}")
        elif name == _QUERY:
            span.set_attribute(name, "")
