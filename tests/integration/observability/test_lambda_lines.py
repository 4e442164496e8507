"""One line for each request of a Lambda function, and the invocation's ids on every other line."""

import json
import logging
import logging.config
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from django.http import HttpResponse
from django.urls import path

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.observability.access.access_lines import JsonLines
from django_runtimes.observability.access.access_log import AccessLog
from django_runtimes.observability.access.request_filter import RequestFilter
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.serving.health import HealthChecks
from tests.integration.entrypoints.launcher import PATIENT, REQUIRED
from tests.integration.entrypoints.test_aws_lambda import event_for

pytestmark = pytest.mark.profile_free

LOGGED = REQUIRED | {
    "DJANGO_SETTINGS_MODULE": "tests.applications.logged.settings",
    "PYTHONPATH": str(Path(__file__).parents[3]),
    "WEBAPP_RUNTIME": "aws_lambda",
    "WEBAPP_DB_ROUTE": "direct",
    "WEBAPP_ACCESS_LOG": "1",
}
NUMBER, TOKEN = "740317403174", "MQ-cx5k2a-SECRET"


async def awaited(request, token):
    return HttpResponse("awaited")


urlpatterns = [
    path("large/<token>", lambda request, token: HttpResponse("x" * 2001)),
    path("awaited/<token>", awaited),
]
CONTEXT = SimpleNamespace(aws_request_id="c6af9ac6", function_name="web", memory_limit_in_mb="1024")


class LaunchedFunction(Function):
    """A function that starts as in the image."""

    def start(self, *, runtime_api, log_stream, log):
        return processes.spawn(
            [self.python, "-m", "django_runtimes.entrypoints.launch"],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )


@pytest.mark.parametrize("start_by", [Function, LaunchedFunction])
@pytest.mark.parametrize("application", ["", "tests.applications.logged.asgi.application"], ids=["django", "composed"])
async def test_each_request_has_one_line(tmp_path, database_server, application, start_by):
    url = database_server.url("postgres")
    environ = LOGGED | {
        "DATABASE_URL": f"{url}{'&' if '?' in url else '?'}sslmode=disable",
        "LOGGED_APPLICATION": application,
    }
    function = start_by(
        "logged", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    headers = {"Host": "guestbook.example", "Cookie": "sessionid=hunter3"}
    ids = []
    async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=headers) as session:
        for path in (
            "orders/7?token=hunter2",
            f"aorders/{NUMBER}",
            "fail",
            "chunks",
            "achunks",
            f"reset/{TOKEN}",
            f"areset/{TOKEN}",
            f"nothing/{TOKEN}",
            "healthz",
        ):
            async with session.get(f"{target.url}/{path}") as answer:
                await answer.read()
                ids.append(answer.headers.get("X-Request-ID"))
        text = "\n".join(log.read_text() for log in (tmp_path / "logs").iterdir())

    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    access = [line for line in lines if line["logger"] == "django_runtimes.access"]
    assert [line["request_id"] for line in access] == ids[:-1]
    assert ids[-1] is None
    assert [(line["route"], line["status"], line["queries"], line["cold_start"]) for line in access] == [
        ("/orders/<int:number>", 200, 2, True),
        ("/aorders/<int:number>", 200, 2, False),
        ("/fail", 500, 0, False),
        ("/chunks", 200, 0, False),
        ("/achunks", 200, 0, False),
        ("/reset/<token>", 500, 0, False),
        ("/areset/<token>", 404, 0, False),
        (None, 404, 0, False),
    ]
    assert "hunter" not in text
    assert NUMBER not in text
    assert TOKEN not in text
    assert [line["message"] for line in lines if line["logger"] == "django.request"] == [
        "Internal Server Error: /fail",
        "Internal Server Error: /reset/<token>",
        "Not Found: /areset/<token>",
        "Not Found: (no route)",
    ]
    for line in access:
        own = [each for each in lines if each.get("request_id") == line["request_id"]]
        assert {(each["lambda_request_id"], each["trace_id"]) for each in own} == {
            (line["lambda_request_id"], line["trace_id"])
        }
    messages = {name: sum(line["message"] == name for line in lines) for name in ("sold", "chunk 2")}
    assert messages == {"sold": 2, "chunk 2": 1}
    assert text.count("sold") == 2
    assert text.count("ValueError: broken") == 1


@pytest.fixture
def handler(settings, tmp_path):
    # WhiteNoise warns about a missing directory.
    settings.STATIC_ROOT = tmp_path
    settings.ROOT_URLCONF = __name__
    health = HealthChecks(check_readiness=lambda: None, timeout_s=60)
    made = DirectLambdaHandler(
        observer=AccessLog(JsonLines()), answer_health=health.answer, max_body_bytes=10, max_reply_bytes=2000
    )
    yield made
    made.close()


def lines_of(capfd) -> list[dict]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_events_that_are_refused(handler, capfd):
    large = event_for("http_api_v2", "POST", "/", body="x" * 11)
    malformed = event_for("http_api_v2", "GET", "/", **{"x-forwarded-port": "no number"})

    statuses = [handler(event, CONTEXT)["statusCode"] for event in (large, malformed)]

    lines = lines_of(capfd)
    assert [(line["status"], line["refused"], line["lambda_request_id"]) for line in lines] == [
        (413, "Content Too Large", "c6af9ac6"),
        (400, "Bad Request", "c6af9ac6"),
    ]
    assert statuses == [413, 400]


@pytest.mark.parametrize("own", [{}, {"mangum.http": {"level": "DEBUG"}}], ids=["root", "own logger"])
def test_mangum_logs_no_request(handler, caplog, own):
    level = logging.getLogger("mangum.http").level
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "loggers": own})
    try:
        with caplog.at_level(logging.DEBUG):
            handler(event_for("http_api_v2", "GET", f"/awaited/{TOKEN}"), CONTEXT)
    finally:
        logging.getLogger("mangum.http").setLevel(level)

    assert not [record for record in caplog.records if record.name.startswith("mangum")]


def test_the_line_of_a_large_reply_has_its_route(handler, caplog):
    names_requests = RequestFilter()
    caplog.handler.addFilter(names_requests)
    handler(event_for("http_api_v2", "GET", f"/large/{TOKEN}"), CONTEXT)
    caplog.handler.removeFilter(names_requests)

    (message,) = [record.getMessage() for record in caplog.records if "exceeds" in record.getMessage()]
    assert message.startswith("GET /large/<token>: a reply of ")


def test_a_reply_that_is_too_large(handler, capfd):
    reply = handler(event_for("http_api_v2", "GET", "/large/1"), CONTEXT)

    (line,) = lines_of(capfd)
    assert reply["statusCode"] == line["status"] == 500


def test_the_trace_of_the_invocation_is_the_last_choice(handler, capfd, monkeypatch):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1")
    event = event_for("http_api_v2", "GET", "/nothing")
    event["headers"].pop("x-amzn-trace-id", None)
    handler(event, CONTEXT)
    handler(event_for("http_api_v2", "GET", "/nothing", **{"x-amzn-trace-id": "Root=1-5e1b4151-" + "a" * 24}), CONTEXT)

    assert [line["trace_id"] for line in lines_of(capfd)] == [
        "1-67891233-abcdef012345678912345678",
        "1-5e1b4151-" + "a" * 24,
    ]


@pytest.mark.parametrize(
    ("initialization", "is_cold"),
    [
        ("on-demand", True),
        ("snap-start", True),
        ("provisioned-concurrency", False),
        ("lambda-managed-instances", False),
    ],
)
def test_the_first_request_is_a_cold_start_only_if_it_waited_for_one(initialization, is_cold, monkeypatch, capfd):
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", initialization)
    handler = DirectLambdaHandler(observer=AccessLog(JsonLines()))
    try:
        handler(event_for("http_api_v2", "GET", "/nowhere"), CONTEXT)
    finally:
        handler.close()

    assert [line["cold_start"] for line in lines_of(capfd)] == [is_cold]
