"""Traces arrive at a collector that speaks OpenTelemetry's protocol, from a container and from Lambda."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.launcher import PATIENT, REQUIRED
from tests.integration.observability.test_served_processes import PATIENT_POOL, served

pytestmark = pytest.mark.profile_free

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
X_RAY = {"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"}


class Collector:
    """A server that keeps the spans that it receives."""

    def __init__(self) -> None:
        self.spans: list = []
        self.resources: list[dict[str, str]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    import gzip

                    body = gzip.decompress(body)
                request = ExportTraceServiceRequest.FromString(body)
                for each in request.resource_spans:
                    collector.resources.append({one.key: one.value.string_value for one in each.resource.attributes})
                    collector.spans += [span for scope in each.scope_spans for span in scope.spans]
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.variables = {
            "WEBAPP_TRACES": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}",
            "OTEL_SERVICE_NAME": "shop",
        }
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def named(self, is_wanted: Callable[[str], bool]) -> list:
        return [span for span in self.spans if is_wanted(span.name)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def attribute(span, name: str) -> str:
    (value,) = [each.value.string_value for each in span.attributes if each.key == name]
    return value


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def database_url(database_server) -> str:
    url = database_server.url("postgres")
    return f"{url}{'&' if '?' in url else '?'}sslmode=disable"


def attributes_of(span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def test_a_containers_requests_and_queries_are_spans(collector, database_url):
    with served(**collector.variables, **PATIENT_POOL, DATABASE_URL=database_url, WEBAPP_STAGE="shop-test") as process:
        process.ask("/orders/7?token=hunter2", **PARENT)
        process.ask("/aorders/7", **X_RAY)
        process.ask("/fail")
        process.ask("/unknown/hunter3")

    # The worker has sent its last spans at its end.
    requests = collector.named(lambda name: name.startswith("GET"))
    queries = collector.named(lambda name: name.startswith("SELECT"))
    names = [span.name for span in requests]
    assert names == ["GET orders/<int:number>", "GET aorders/<int:number>", "GET fail", "GET"]
    assert [span.trace_id.hex() for span in requests[:2]] == [TRACE, "67891233abcdef012345678912345678"]
    assert [requests[0].parent_span_id.hex(), requests[1].parent_span_id.hex()] == [
        "00f067aa0ba902b7",
        "53995c3f42cd8ad8",
    ]
    assert {span.parent_span_id for span in queries} == {span.span_id for span in requests[:2]}
    assert len(queries) == 4
    assert [line["trace_id"] for line in process.objects if line["logger"] == "django_runtimes.access"] == [
        span.trace_id.hex() for span in requests
    ]
    assert [attribute(span, "http.target") for span in requests] == [
        "/orders/<int:number>",
        "/aorders/<int:number>",
        "/fail",
        "(no route)",
    ]
    assert attribute(requests[0], "http.url").endswith("/orders/<int:number>")
    assert all(text not in str(collector.spans) for text in ("hunter", "orders/7"))
    assert {
        (one["service.name"], one["deployment.environment.name"], one["cloud.platform"]) for one in collector.resources
    } == {("shop", "shop-test", "aws_ecs")}


async def test_a_function_sends_its_spans_before_it_freezes(collector, database_url, tmp_path):
    environ = REQUIRED | {
        "DJANGO_SETTINGS_MODULE": "tests.applications.logged.settings",
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "WEBAPP_RUNTIME": "aws_lambda",
        "WEBAPP_DB_ROUTE": "direct",
        "WEBAPP_ACCESS_LOG": "1",
        "DATABASE_URL": database_url,
        # The collector is in this process, which may stand still for longer than the function would wait.
        "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
        **collector.variables,
    }
    function = Function(
        "traced", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    seen = []
    async with (
        LambdaTarget(function) as target,
        aiohttp.ClientSession(headers={"Host": "guestbook.example"}) as session,
    ):
        for path in ("orders/7", "aorders/7"):
            async with session.get(f"{target.url}/{path}", headers=PARENT) as answer:
                await answer.read()
            seen.append(sorted(span.name for span in collector.spans))

    assert seen[0] == ["GET orders/<int:number>", "SELECT", "SELECT"]
    assert len(seen[1]) == 6
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}


async def test_a_collector_that_is_down_costs_a_function_about_a_second(collector, tmp_path):
    variables = collector.variables | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    # The exporter's own limit of 10 s is no measure on a busy machine. Python imports this module at its start.
    exporter = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    (tmp_path / "sitecustomize.py").write_text(f"import {exporter}\n{exporter}.DEFAULT_TIMEOUT = 120\n")
    environ = REQUIRED | {
        "DJANGO_SETTINGS_MODULE": "tests.applications.logged.settings",
        "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}",
        "WEBAPP_RUNTIME": "aws_lambda",
        "WEBAPP_DB_ROUTE": "direct",
        **variables,
    }
    function = Function(
        "traced", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    async with (
        LambdaTarget(function) as target,
        aiohttp.ClientSession(headers={"Host": "guestbook.example"}) as session,
    ):
        async with session.get(f"{target.url}/take") as answer:
            await answer.read()
        begun_s = time.monotonic()
        async with session.get(f"{target.url}/take") as answer:
            status = answer.status
        took_s = time.monotonic() - begun_s

    assert status == 200
    assert took_s < 60
