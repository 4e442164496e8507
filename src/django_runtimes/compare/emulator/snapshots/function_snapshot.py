"""The initialized process of a function, from which execution environments are restored."""

import asyncio
import json
import secrets
import socket
import struct
import subprocess
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.response_stream import ResponseStream
from django_runtimes.compare.emulator.runtime_api import RuntimeApi, RuntimeFailure, RuntimeInvocation
from django_runtimes.compare.emulator.snapshots import snapshot_process
from django_runtimes.compare.emulator.snapshots.restored_process import RestoredProcess

_PROGRAM = Path(snapshot_process.__file__).read_text()
# Lambda allows 15 minutes for the init phase before a snapshot.
_INIT_LIMIT_S = 120.0
_RESTORE_LIMIT_S = 10.0
_POLL_S = 0.01
_CREDENTIALS = struct.Struct("3i")


class FunctionSnapshot:
    """Starts the function's process once, and restores copies of it, which share its memory and its open files.

    Each copy is forked by libc without Python's at-fork hooks, so a mistake that all restored environments of Lambda
    would share shows here too. The time of a restore is not Lambda's.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._name = f"webapp-snapshot-{secrets.token_hex(16)}"
        self._failure: RuntimeFailure | None = None
        self._log = function.log_directory / "snapshot.log"
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    async def take(self) -> None:
        """Run the init phase up to the snapshot; raise CompareError with the cause if the process ends before it."""
        api = self._api = RuntimeApi(self)
        await api.serve()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with listener:
            listener.bind(f"\0{self._name}")
            listener.listen(1)
            listener.settimeout(0)
            self._process = processes.spawn(
                [self._function.python, "-c", _PROGRAM, self._function.handler, self._name],
                environ=self._function.process_environ(runtime_api=api.address, log_stream="snapshot"),
                log=self._log,
                directory=self._function.task_root,
            )
            self._control = await self._connected(listener, self._process)

    def restore(self, *, runtime_api: str, log_stream: str, log: Path) -> RestoredProcess:
        """Return a new process that continues after the snapshot; raise CompareError if there is none."""
        assert self._control is not None  # noqa: S101  (made by take())
        order = {"runtime_api": runtime_api, "log_stream": log_stream, "log": str(log)}
        try:
            self._control.sendall(json.dumps(order).encode() + b"\n")
            answer = self._control.recv(64)
        except OSError as error:
            raise CompareError(f"the snapshot of '{self._function.name}' cannot be restored: {error}") from None
        if not answer.strip().isdigit():
            raise CompareError(
                f"the snapshot of '{self._function.name}' cannot be restored: {processes.cause(self._log)}"
            )
        return RestoredProcess(int(answer))

    async def close(self) -> None:
        """End the process, after all that were restored from it."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            processes.stop(self._process)
        if self._api is not None:
            await self._api.close()

    async def _connected(self, listener: socket.socket, process: subprocess.Popen[bytes]) -> socket.socket:
        """Return the connection that the process opens when it is ready for its snapshot."""
        loop = asyncio.get_running_loop()
        accepting = loop.create_task(loop.sock_accept(listener))
        deadline_s = loop.time() + _INIT_LIMIT_S
        try:
            while not accepting.done():
                await asyncio.wait({accepting}, timeout=_POLL_S)
                if process.poll() is not None:
                    raise self._not_taken(self._cause())
                if loop.time() > deadline_s:
                    raise self._not_taken(f"it is not ready after {_INIT_LIMIT_S:g} s")
        finally:
            accepting.cancel()
        control, _ = accepting.result()
        control.settimeout(_RESTORE_LIMIT_S)
        peer, _, _ = _CREDENTIALS.unpack(control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if peer != process.pid or control.recv(64) != b"ready\n":
            control.close()
            raise self._not_taken("another process answered in its place")
        return control

    def _cause(self) -> str:
        if self._failure is not None:
            return f"{self._failure.error_type}: {' '.join(self._failure.message.split())}"
        return processes.cause(self._log)

    def _not_taken(self, cause: str) -> CompareError:
        return CompareError(f"the snapshot of function '{self._function.name}' cannot be taken: {cause}")

    async def next_invocation(self) -> RuntimeInvocation:
        raise self._not_taken("it requests an invocation instead; let the image's entry point start the function")

    def respond(self, request_id: str, payload: bytes) -> bool:
        return False

    def begin_stream(self, request_id: str) -> ResponseStream | None:
        return None

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        return False

    def fail_init(self, failure: RuntimeFailure) -> None:
        self._failure = failure

    def register_extension(self) -> None:
        """Accept an extension; its connection is shared by all restored processes."""
