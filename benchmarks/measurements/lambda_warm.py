"""Measures warm invocations of each handler in a process of its own, without the Runtime API."""

import base64
import json
import random
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.contenders.testbed import Testbed
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from django_runtimes.cli import processes
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.lambda_function import Function

OURS = "ours"
APIG_WSGI = "apig-wsgi"
MANGUM_DJANGO = "Mangum + Django's handler"

_HANDLERS = {
    OURS: "django_runtimes.entrypoints.aws_lambda.handler",
    APIG_WSGI: "benchmarks.handlers.apig.handler",
    "serverless-wsgi": "benchmarks.handlers.serverless.handler",
    "Zappa": "benchmarks.handlers.zappa_wsgi.handler",
    "Zappa's ASGI mode + a2wsgi": "benchmarks.handlers.zappa_asgi.handler",
    "Mangum + a2wsgi": "benchmarks.handlers.mangum_wsgi.handler",
    MANGUM_DJANGO: "benchmarks.handlers.mangum_asgi.handler",
}
# Django's ASGI handler loses a held connection with the request's thread, so it cannot be compared.
_HANDLERS_WITH_HELD_CONNECTION = [name for name in _HANDLERS if name != MANGUM_DJANGO]

EVENTS = {
    "GET /ping": ("get_ping.json", 200, list(_HANDLERS)),
    "GET /items": ("get_items.json", 200, _HANDLERS_WITH_HELD_CONNECTION),
    "POST /items": ("post_items.json", 201, _HANDLERS_WITH_HELD_CONNECTION),
}
_CALLER = Path(__file__).with_name("lambda_caller.py")
_WARM_UP_S = 0.5

P50sUs = dict[str, list[float]]


def measure(plan: Plan, testbed: Testbed, rng: random.Random, progress: Progress) -> dict[str, P50sUs]:
    """Return, for each request, each contender's p50 in every round, in µs."""
    database = testbed.database("bench_lambda")
    with ExitStack() as running:
        callers = {
            name: running.enter_context(caller(name, handler, database, testbed)) for name, handler in _HANDLERS.items()
        }
        for event, status, contenders in EVENTS.values():
            warm_up(event, status, {name: callers[name] for name in contenders})
        measured: dict[str, P50sUs] = {}
        for request, (event, status, contenders) in EVENTS.items():
            progress.begin(f"Lambda, {request}", plan.warm_rounds * len(contenders))
            measured[request] = {name: [] for name in contenders}
            for name in interleaved(contenders, plan.warm_rounds, rng):
                measured[request][name].append(callers[name].call(event, status, plan.warm_batch_s)[0])
                progress.advance()
    return measured


class Caller:
    """A child process that calls one handler."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log

    def call(self, event: str, expected_status: int, duration_s: float) -> tuple[float, Any]:
        """Run one batch; return its p50 in µs, and the last answer's body."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018  (both are pipes)
        order = {"event": str(Path(__file__).with_name("events") / event), "duration_s": duration_s}
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            raise CompareError(f"the handler of {self._name} ended: {processes.cause(self._log)}; fix that")
        batch = json.loads(line)
        answer = batch["answer"]
        if answer["statusCode"] != expected_status:
            raise CompareError(
                f"{self._name} answers {event} with {answer['statusCode']}, not {expected_status}: "
                f"{processes.cause(self._log)}; fix that"
            )
        body = base64.b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"]
        return batch["p50_us"], json.loads(body)


@contextmanager
def caller(name: str, handler: str, database: str, testbed: Testbed) -> Iterator[Caller]:
    """Start a child process that calls `handler` on a persistent database connection. Enter this in the main thread."""
    log = testbed.workspace / f"lambda-{handler}.log"
    function = Function(
        name="bench",
        handler=handler,
        environ={
            **testbed.environ(database),
            "WEBAPP_DB_STRATEGY": "persistent",
            "WEBAPP_DB_ROUTE": "direct",
        },
        log_directory=testbed.workspace,
        task_root=testbed.checkout,
    )
    environ = function.process_environ(runtime_api="", log_stream="bench")
    # There is no Runtime API here, and some revisions do not start if this variable names one that does not answer.
    del environ["AWS_LAMBDA_RUNTIME_API"]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            # The caller is started by its path, since a revision may have a different caller or none. -P keeps its
            # folder off sys.path.
            processes.bound_to_parent([str(testbed.python), "-P", str(_CALLER), handler]),
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=testbed.checkout,
            start_new_session=True,
        )
    try:
        yield Caller(name, process, log)
    finally:
        processes.stop(process)


def warm_up(event: str, status: int, callers: Mapping[str, Caller]) -> None:
    """Warm up all callers; raise CompareError when one answers differently, apart from the row that a POST wrote."""
    bodies = {name: each.call(event, status, _WARM_UP_S)[1] for name, each in callers.items()}
    (first, expected), *others = bodies.items()
    for name, body in others:
        if _without_row(body) != _without_row(expected):
            raise CompareError(f"{name} answers {body!r}, but {first} answers {expected!r}; check its settings")


def _without_row(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in {"id", "created_at"}}
