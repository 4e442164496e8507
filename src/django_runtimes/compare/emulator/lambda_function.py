"""The configuration of the emulated function, and the variables of its processes."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.container_limits import ContainerLimits

REGION = "us-east-1"
VERSION = "$LATEST"
_PUBLISHED_VERSION = "1"
_ON_DEMAND = "on-demand"
# The image's launcher runs the same loop. The library is imported first, and so notes when the spawn ends.
_RUNTIME_CLIENT = """
import django_runtimes, runpy
runpy.run_module("django_runtimes.entrypoints.lambda_process", run_name="__main__", alter_sys=True)
"""
# A small share of a CPU prolongs the init phase; AWS documents no share for it.
_LIMITED_INIT_TIMEOUT_S = 30.0
# The account number in AWS's own examples.
_ACCOUNT = "123456789012"

# Lambda's documented defaults, which a function may override.
_DEFAULTS = {
    "LANG": "en_US.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "TZ": ":UTC",
}


@dataclass(frozen=True)
class Function:
    """The configuration of a Lambda function."""

    # Whether a container engine creates each execution environment.
    has_engine: ClassVar[bool] = False

    name: str
    handler: str
    environ: Mapping[str, str]
    log_directory: Path
    memory_mb: int = 1024
    timeout_s: float = 30.0
    init_timeout_s: float = 10.0
    concurrency_limit: int = 50
    idle_reap_s: float = 300.0
    # The limits of each execution environment; None for as much of the machine as it can get.
    limits: ContainerLimits | None = None
    # Whether execution environments are restored from a snapshot of one initialized process.
    snap_start: bool = False
    # The number of processes of each execution environment on Managed Instances; None elsewhere.
    processes: int | None = None
    python: str = sys.executable
    task_root: Path = field(default_factory=Path.cwd)

    def limited(self, memory_mb: int) -> Self:
        """Return the function with this memory, and the CPU share and time for its init phase that come with it."""
        return replace(
            self,
            memory_mb=memory_mb,
            limits=ContainerLimits.of_lambda(memory_mb),
            init_timeout_s=_LIMITED_INIT_TIMEOUT_S,
        )

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{_ACCOUNT}:function:{self.name}"

    def process_environ(self, *, runtime_api: str, log_stream: str) -> dict[str, str]:
        """Return all variables of an execution environment, which inherits none from this process.

        Reserved names override the function's own, as on AWS. Credentials and HOME are not set.
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        return {
            **_DEFAULTS,
            **self.environ,
            "_HANDLER": self.handler,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            # Only published versions have snapshots, or run on Managed Instances.
            "AWS_LAMBDA_FUNCTION_VERSION": VERSION if self._initialization == _ON_DEMAND else _PUBLISHED_VERSION,
            "AWS_LAMBDA_INITIALIZATION_TYPE": self._initialization,
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_REGION": REGION,
            "LAMBDA_TASK_ROOT": str(self.task_root),
            **self._managed_environ(),
        }

    @property
    def _initialization(self) -> str:
        if self.processes is not None:
            return "lambda-managed-instances"
        return "snap-start" if self.snap_start else _ON_DEMAND

    def _managed_environ(self) -> dict[str, str]:
        if self.processes is None:
            return {}
        # Managed Instances have no other log format.
        return {"AWS_LAMBDA_MAX_CONCURRENCY": str(self.processes), "AWS_LAMBDA_LOG_FORMAT": "JSON"}

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        """Start an execution environment that calls the Runtime API at host:port; return its session leader."""
        return processes.spawn(
            [self.python, "-c", _RUNTIME_CLIENT, self.handler],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )

    def process_ids(self, pids: Sequence[int]) -> Sequence[int]:
        """Return the processes on this machine of the environments with these session leaders, without children."""
        return pids

    @property
    def details(self) -> dict[str, str]:
        """The configuration values for the run's record."""
        limits = {} if self.limits is None else {"limits": str(self.limits)}
        start = {"restores": "processes forked without at-fork hooks; not Lambda's time"} if self.snap_start else {}
        if self.processes is None:
            concurrency = {"concurrency limit": str(self.concurrency_limit)}
        else:
            concurrency = {"processes of each environment": f"{self.processes}, never frozen; not AWS's instances"}
        return {**concurrency, "timeout_s": f"{self.timeout_s:g}", **limits, **start}
