"""Runs Lambda functions, each version in its own emulator with real awslambdaric processes."""

import hashlib
import json
import random
import subprocess
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.invocation import FunctionFailed, InitFailed, PayloadTooLarge, Throttled, TimedOut
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.runtime import log_files
from tests.deploy.standin.runtime.images import contents
from tests.deploy.standin.runtime.variables import Variables
from tests.deploy.standin.state import State

# The image's own command; it chooses the handler from the variables.
_COMMAND = ("-m", "django_runtimes.entrypoints.launch")
_LATEST = "$LATEST"
_LOG_TAIL_BYTES = 4096


@dataclass(frozen=True)
class Result:
    """The result of an invocation; `error` is "Unhandled" if the function failed."""

    payload: bytes
    version: str
    error: str | None
    log_tail: bytes


@dataclass(frozen=True)
class _ImageFunction(Function):
    """A function whose execution environments run the image's command with the function's own arguments."""

    words: tuple[str, ...] = ()

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        return processes.spawn(
            [self.python, *_COMMAND, *self.words],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )


class Functions:
    """All functions of the stand-in."""

    def __init__(self, state: State, directory: Path, variables: Variables) -> None:
        self._state = state
        self._directory = directory
        self._variables = variables
        self._running: dict[str, tuple[LambdaEmulator, AsyncExitStack]] = {}

    def find(self, region: str, name: str) -> dict[str, Any]:
        """Return the function with this name or ARN; raise ResourceNotFoundException if there is none."""
        if name.startswith("arn:"):
            name = name.split(":")[6]
        found = self._state.get("function", f"{region}/{name.partition(':')[0]}")
        if found is None:
            raise _not_found(region, name)
        return found

    def version(self, region: str, name: str, qualifier: str | None) -> dict[str, Any]:
        """Return the version for a qualifier; an alias picks one of its versions at random, by weight."""
        function = self.find(region, name)
        if qualifier in {None, _LATEST}:
            return {**function, "version": _LATEST}
        assert qualifier is not None
        alias = self._state.get("alias", f"{region}/{function['name']}/{qualifier}")
        number = qualifier if alias is None else self._pick_version(alias)
        found = self._state.get("function version", f"{region}/{function['name']}/{number}")
        if found is None:
            raise _not_found(region, f"{function['name']}:{qualifier}")
        return found

    async def invoke(self, region: str, name: str, qualifier: str | None, payload: bytes) -> Result:
        """Invoke a function with an event; raise AwsError if Lambda would refuse to."""
        version = self.version(region, name, qualifier)
        emulator, logs = await self._emulator(version)
        number = str(version["version"])
        try:
            invocation = await emulator.invoke(payload)
        except Throttled:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429) from None
        except PayloadTooLarge as error:
            raise AwsError("RequestTooLargeException", str(error), 413) from None
        except (FunctionFailed, InitFailed) as error:
            return _failure(number, error.error_type, error.message, logs)
        except TimedOut as error:
            return _failure(number, "Sandbox.Timedout", str(error), logs)
        return Result(invocation.payload, number, None, _tail(logs / f"{invocation.environment_id}.log"))

    async def retire(self, region: str, name: str) -> None:
        """Stop all execution environments of a deleted function."""
        for key in [key for key in self._running if key.startswith(f"{region}/{name}/")]:
            _, stack = self._running.pop(key)
            await stack.aclose()

    async def close(self) -> None:
        for _, stack in self._running.values():
            await stack.aclose()
        self._running.clear()

    async def _emulator(self, version: dict[str, Any]) -> tuple[LambdaEmulator, Path]:
        # Each configuration has its own execution environments, as on Lambda.
        configuration = json.dumps(version["properties"], sort_keys=True)
        mark = hashlib.sha256(configuration.encode()).hexdigest()[:12]
        key = f"{version['region']}/{version['name']}/{version['version']}-{mark}"
        logs = self._directory / "functions" / key.replace("$", "")
        if key not in self._running:
            emulator = LambdaEmulator(self._function(version, logs))
            stack = AsyncExitStack()
            await stack.enter_async_context(emulator)
            self._running[key] = emulator, stack
        return self._running[key][0], logs

    def _function(self, version: dict[str, Any], logs: Path) -> Function:
        properties = version["properties"]
        declared = properties.get("Environment", {}).get("Variables", {})
        group = properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{version['name']}")
        log_files.add_source(self._state, version["region"], group, logs, f"[{version['version']}]")
        image = contents(self._state, properties["Code"]["ImageUri"])
        return _ImageFunction(
            name=version["name"],
            # An image has no handler setting: its command decides.
            handler="",
            words=tuple(properties.get("ImageConfig", {}).get("Command", ())),
            environ=self._variables.of(declared, image),
            log_directory=logs,
            memory_mb=int(properties.get("MemorySize", 128)),
            timeout_s=float(properties.get("Timeout", 3)),
            # Other tests may keep the machine busy.
            init_timeout_s=60.0,
            concurrency_limit=int(properties.get("ReservedConcurrentExecutions", 10)),
            task_root=self._directory,
        )

    def _pick_version(self, alias: dict[str, Any]) -> str:
        chance = random.random()
        for number, weight in alias["weights"].items():
            chance -= weight
            if chance < 0:
                return str(number)
        return str(alias["version"])


def _failure(version: str, kind: str, message: str, logs: Path) -> Result:
    body = json.dumps({"errorMessage": message, "errorType": kind}).encode()
    newest = max(logs.glob("*.log"), key=lambda path: path.stat().st_mtime, default=None)
    return Result(body, version, "Unhandled", b"" if newest is None else _tail(newest))


def _tail(log: Path) -> bytes:
    return log.read_bytes()[-_LOG_TAIL_BYTES:] if log.exists() else b""


def _not_found(region: str, name: str) -> AwsError:
    return AwsError(
        "ResourceNotFoundException", f"Function not found: arn:aws:lambda:{region}:123456789012:function:{name}", 404
    )
