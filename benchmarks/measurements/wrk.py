"""Loads a server with wrk, a closed loop on a fixed number of connections."""

import asyncio
import json
from asyncio.subprocess import PIPE, STDOUT
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.access import FORWARDED_HEADERS

_SUMMARY = Path(__file__).with_name("summary.lua")


@dataclass(frozen=True)
class Load:
    """The result of one block of load; `good_per_s` excludes errors, `p99_ms` does not."""

    good_per_s: float
    p50_ms: float
    p99_ms: float
    answers: int
    refused: int
    broken: int


def find_wrk() -> str:
    """Return the path of wrk; raise CompareError when it is not installed."""
    wrk = processes.find_program("wrk")
    if wrk is None:
        raise CompareError("wrk is not installed; install the package wrk (Debian: apt-get install wrk)")
    return wrk


async def drive(url: str, *, connections: int, duration_s: int) -> Load:
    """Request `url` continuously for `duration_s`; raise CompareError when wrk is missing or fails."""
    headers = [word for name, value in FORWARDED_HEADERS.items() for word in ("--header", f"{name}: {value}")]
    load = [find_wrk(), "--threads", "1", "--connections", str(connections), "--duration", f"{duration_s}s"]
    command = [*load, "--script", str(_SUMMARY), *headers, url]
    process = await asyncio.create_subprocess_exec(*processes.bound_to_parent(command), stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise CompareError(
            f"wrk ended with exit code {process.returncode}: {' '.join(output.decode().split())}; fix that"
        )
    return load_from(output.decode())


def load_from(output: str) -> Load:
    """Parse the last line of wrk's output, which summary.lua writes."""
    summary = json.loads(output.splitlines()[-1])
    return Load(
        good_per_s=(summary["answers"] - summary["refused"]) / (summary["duration_us"] / 1e6),
        p50_ms=summary["p50_us"] / 1_000,
        p99_ms=summary["p99_us"] / 1_000,
        answers=summary["answers"],
        refused=summary["refused"],
        broken=summary["broken"],
    )
