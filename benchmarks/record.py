"""Records a benchmark's environment, so that a reader can judge and repeat it."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.contenders import servers
from benchmarks.contenders.peers import CHECKOUT, lock_hash
from benchmarks.contenders.revision import Revision, describe_checkout
from benchmarks.contenders.testbed import Testbed
from benchmarks.plan import FULL, Plan
from django_runtimes.compare.services.postgres import PostgresServer

_VERSIONS = """
import importlib.metadata as metadata, json, platform
packages = {package.metadata["Name"].lower(): package.version for package in metadata.distributions()}
print(json.dumps({"python": platform.python_version(), "packages": dict(sorted(packages.items()))}))
"""


def record_environment(plan: Plan, testbed: Testbed, load_average_before: float) -> dict[str, Any]:
    """Return the `environment` of latest.json."""
    versions = json.loads(_output([str(testbed.python), "-c", _VERSIONS]))
    return {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": plan != FULL,
        "plan": asdict(plan),
        "revision": _output(["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=12"]).strip(),
        "lock_file_sha256": lock_hash(),
        "machine": _machine(),
        # Other load on the machine affects the figures.
        "load_average_before": round(load_average_before, 2),
        **versions,
        "servers": {name: " ".join(("python", *servers.command(name, 8000))) for name in servers.SERVERS},
        "postgresql": dict(testbed.server.settings),
    }


def record_comparison(
    plan: Plan, revision: Revision, server: PostgresServer, load_average_before: float
) -> dict[str, Any]:
    """Return the `environment` of against.json."""
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": asdict(plan),
        "new": describe_checkout(),
        "old": str(revision),
        "python": platform.python_version(),
        "machine": _machine(),
        "load_average_before": round(load_average_before, 2),
        "postgresql": dict(server.settings),
    }


def record_pools(versions: Mapping[str, str], load_average_before: float) -> dict[str, Any]:
    """Return the `environment` of pools.json; `versions` are the servers', by product."""
    return {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": describe_checkout(),
        "python": platform.python_version(),
        "machine": _machine(),
        "load_average_before": round(load_average_before, 2),
        **versions,
    }


def _machine() -> dict[str, Any]:
    return {
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu": _cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
    }


def _output(command: Sequence[str]) -> str:
    """Return a program's output; empty when it is missing or fails, as git does outside a checkout."""
    try:
        completed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return completed.stdout


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
