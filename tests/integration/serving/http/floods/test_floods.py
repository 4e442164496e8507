"""Health checks are answered while clients flood a worker, which frees the memory afterwards."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

from tests.integration.serving.http.floods.floods import KINDS
from tests.integration.serving.http.servers import ROOT, Server, health_status, mirror_server, request, talk

pytestmark = pytest.mark.profile_free

_CLIENTS, _DESCRIPTORS = 400, 256
_ANSWER_S, _INTERVAL_S = 2.0, 0.5
_KEPT_MB = 20


def memory_mb(process: int) -> float:
    """Return the process's resident memory in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class Health(NamedTuple):
    """The duration of a health check, and the worker's processor time during it, in seconds."""

    after_s: float
    busy_s: float


def ask_health(server: Server) -> Health:
    """Check the health over a new connection."""
    started, busy = time.monotonic(), server.busy_s()
    assert health_status(server.port) == 200
    return Health(time.monotonic() - started, server.busy_s() - busy)


def health_for(server: Server, seconds: float) -> list[Health]:
    """Check the health every half second for `seconds`."""
    answers = []
    ends_at = time.monotonic() + seconds
    while (started := time.monotonic()) < ends_at:
        answers.append(ask_health(server))
        time.sleep(max(0, started + _INTERVAL_S - time.monotonic()))
    return answers


@contextmanager
def flooded(port: int, *kinds: str):
    """Run clients of these kinds in a separate process."""
    command = [sys.executable, "-m", "tests.integration.serving.http.floods.floods", str(port), str(_CLIENTS), *kinds]
    process = subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"]})
    try:
        time.sleep(0.5)
        yield
        assert process.poll() is None, "the flood has ended by itself"
    finally:
        process.kill()
        process.wait()


def settled_mb(process: int, wanted_mb: float) -> float:
    """Wait up to 60 s for the process to shrink to `wanted_mb`; return its resident memory in MiB."""
    ends_at = time.monotonic() + 60
    while (now_mb := memory_mb(process)) > wanted_mb and time.monotonic() < ends_at:
        time.sleep(0.2)
    return now_mb


def run_floods(directory, kinds, seconds):
    """Return each flood's slowest health check in seconds and memory growth in MiB, by the flood's name.

    Only the worker's processor time counts, because other programs on the machine delay the server and its clients.
    """
    worst_s, kept_mb = {}, {}
    with mirror_server(directory, "--graceful-timeout", "1", descriptors=_DESCRIPTORS) as server:
        assert talk(server.port, request("GET /")).statuses == [200]
        worker = server.worker
        before_mb = memory_mb(worker)
        for name, mixed in kinds.items():
            with flooded(server.port, *mixed):
                answers = health_for(server, seconds)
            waits_s = [answer.after_s for answer in answers]
            worst_s[name] = max(answer.busy_s for answer in answers)
            kept_mb[name] = settled_mb(worker, before_mb + _KEPT_MB - 1) - before_mb
            sys.stdout.write(
                f"{name}: {len(answers)} answers, median {median(waits_s):.3f} s, worst {max(waits_s):.3f} s, "
                f"worker's processor time {worst_s[name]:.3f} s, {kept_mb[name]:.1f} MiB kept\n"
            )
        assert server.worker == worker, "the worker has died"
    return worst_s, kept_mb


@pytest.mark.weekly
def test_health_is_answered_during_every_kind_of_flood(tmp_path):
    kinds = {name: [name] for name in KINDS} | {"all of them": list(KINDS)}

    worst_s, kept_mb = run_floods(tmp_path, kinds, 4)

    assert max(worst_s.values()) < _ANSWER_S, worst_s
    assert max(kept_mb.values()) < _KEPT_MB, kept_mb


def test_health_is_answered_during_mixed_floods(tmp_path):
    worst_s, kept_mb = run_floods(tmp_path, {"all of them": list(KINDS)}, 2)

    assert max(worst_s.values()) < _ANSWER_S, worst_s
    assert max(kept_mb.values()) < _KEPT_MB, kept_mb
