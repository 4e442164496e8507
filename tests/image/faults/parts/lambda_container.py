"""The image as an execution environment: its own awslambdaric, with this process as the Runtime API."""

import asyncio
import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django_runtimes.compare.emulator.invocation import FunctionFailed, Invocation, InvocationError, PendingInvocation
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.runtime_api import RuntimeApi, RuntimeFailure, RuntimeInvocation
from tests.image.containers import Container, container_environ, run_container
from tests.image.faults.parts.serving import APPLICATION, HOST, MOUNT
from tests.integration.serving.lambda_handler.front import event_of

_INIT_TIMEOUT_S = 120.0
_TIMEOUT_S = 60.0
# The image sets its own PATH, and the other variables belong to managed runtimes.
_NOT_IN_IMAGES = ("PATH", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "_HANDLER")

Reply = dict[str, Any]


class LambdaContainer:
    """Invokes the function in a container with one event at a time; any thread may call it."""

    def __init__(self, container: Container, loop: asyncio.AbstractEventLoop, queue: "_Queue") -> None:
        self.container = container
        self._loop = loop
        self._queue = queue

    def invoke(self, event: Mapping[str, Any]) -> Reply:
        """Return the function's reply; raise FunctionFailed if there is none."""
        (outcome,) = self.invoke_all([event])
        if isinstance(outcome, InvocationError):
            raise outcome
        return outcome

    def invoke_all(self, events: Iterable[Any]) -> list[Reply | InvocationError]:
        """Return the reply or the error of each event, in order."""
        return asyncio.run_coroutine_threadsafe(self._invoke_all(events), self._loop).result()

    def get(self, path: str, front: str = "http_api_v2", **headers: str) -> Reply:
        """Return the reply to a GET request."""
        return self.invoke(event_of(front, "GET", path, headers={"host": HOST, **headers}))

    async def _invoke_all(self, events: Iterable[Any]) -> list[Reply | InvocationError]:
        outcomes: list[Reply | InvocationError] = []
        for event in events:
            pending = PendingInvocation(
                json.dumps(event).encode(), self._loop.create_future(), self._loop.create_future()
            )
            self._queue.put(pending)
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    outcomes.append(json.loads((await pending.outcome).payload))
            except InvocationError as error:
                outcomes.append(error)
            except TimeoutError:
                outcomes.append(FunctionFailed("Sandbox.Timedout", self.container.logs()[-500:]))
        return outcomes


class _Queue:
    """Supplies the Runtime API with events, and receives the results."""

    def __init__(self, arn: str) -> None:
        self.is_ready = asyncio.Event()
        self.init_failure: RuntimeFailure | None = None
        self._arn = arn
        self._waiting: asyncio.Queue[PendingInvocation] = asyncio.Queue()
        self._running: PendingInvocation | None = None

    def put(self, pending: PendingInvocation) -> None:
        self._waiting.put_nowait(pending)

    async def next_invocation(self) -> RuntimeInvocation:
        self.is_ready.set()
        self._running = await self._waiting.get()
        deadline_ms = int((time.time() + _TIMEOUT_S) * 1000)
        running = self._running
        return RuntimeInvocation(running.request_id, running.payload, deadline_ms, self._arn, running.trace_id)

    def respond(self, request_id: str, payload: bytes) -> bool:
        if self._running is None or self._running.request_id != request_id:
            return False
        self._running.succeed(Invocation(payload, 0.0, None, ""))
        return True

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        if self._running is None or self._running.request_id != request_id:
            return False
        self._running.fail(FunctionFailed(failure.error_type, failure.message))
        return True

    def fail_init(self, failure: RuntimeFailure) -> None:
        self.init_failure = failure

    def register_extension(self) -> None:
        """Do nothing, because the tests send the signals themselves."""


@contextmanager
def lambda_container(
    image: str, database_url: str, log: Path, *, variables: Mapping[str, str] | None = None
) -> Iterator[LambdaContainer]:
    """Run a function that has completed its init phase, and that can reach only this machine."""
    function = Function(
        name="faults",
        handler="django_runtimes.entrypoints.aws_lambda.handler",
        environ={
            **container_environ(database_url, "aws_lambda"),
            **APPLICATION,
            "WEBAPP_DB_ROUTE": "direct",
            "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
            **(variables or {}),
        },
        log_directory=log.parent,
    )
    with _event_loop() as loop, _runtime_api(loop, function.arn) as (api, queue):
        environ = function.process_environ(runtime_api=api.address, log_stream="faults")
        with run_container(
            image,
            {name: value for name, value in environ.items() if name not in _NOT_IN_IMAGES},
            log=log,
            options=(MOUNT,),
        ) as container:
            initialised = asyncio.run_coroutine_threadsafe(_wait_initialised(queue, container), loop)
            assert initialised.result(), container.logs()[-2000:]
            yield LambdaContainer(container, loop, queue)


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in its own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="runtime-api")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def _runtime_api(loop: asyncio.AbstractEventLoop, arn: str) -> Iterator[tuple[RuntimeApi, _Queue]]:
    queue = _Queue(arn)
    api = RuntimeApi(queue)
    asyncio.run_coroutine_threadsafe(api.serve(), loop).result()
    try:
        yield api, queue
    finally:
        asyncio.run_coroutine_threadsafe(_close(api), loop).result()


async def _wait_initialised(queue: _Queue, container: Container) -> bool:
    deadline = time.monotonic() + _INIT_TIMEOUT_S
    while time.monotonic() < deadline and container.is_running and not queue.is_ready.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return queue.is_ready.is_set()


async def _close(api: RuntimeApi) -> None:
    await api.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
