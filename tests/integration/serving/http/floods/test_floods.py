"""Health checks are answered while clients flood a worker, which frees the memory afterwards."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

from tests.integration.serving.http.floods.floods import KINDS
from tests.integration.serving.http.servers import OURS, ROOT, Server, health_status, mirror_server, request, talk

pytestmark = pytest.mark.profile_free

_CLIENTS, _DESCRIPTORS = 400, 256
_ANSWER_S, _INTERVAL_S, _TICK_S = 2.0, 0.5, 0.02
_KEPT_MB = 20


def memory_mb(process: int) -> float:
    """Return the process's resident memory in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class Health(NamedTuple):
    """The duration of a health check, and the worker's processor time during it, in seconds."""

    after_s: float
    busy_s: float


class Clock:
    """Ticks in a thread, and so measures for how long this process stands still."""

    def __init__(self) -> None:
        self._ticks = 0
        self._longest_s = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        before_s = time.monotonic()
        while not self._ended.wait(_TICK_S):
            now_s = time.monotonic()
            self._longest_s = max(self._longest_s, now_s - before_s)
            before_s = now_s
            self._ticks += 1

    def longest_pause_s(self) -> float:
        """Return the longest time between two ticks since the last call."""
        ticks = self._ticks
        while self._ticks < ticks + 2:
            time.sleep(_TICK_S)
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def clock() -> Iterator[Clock]:
    ticking = Clock()
    yield ticking
    ticking.end()


def ask_health(server: Server) -> Health:
    """Check the health over a new connection."""
    started, busy = time.monotonic(), server.busy_s()
    assert health_status(server.port) == 200
    return Health(time.monotonic() - started, server.busy_s() - busy)


def health_for(server: Server, seconds: float, clock: Clock) -> list[Health]:
    """Check the health every half second for `seconds`, and at least twice.

    The worker serves the flood while this process stands still, so checks with such a pause do not count.
    """
    answers = []
    ends_at = time.monotonic() + seconds
    gives_up_at = ends_at + 120
    while (started := time.monotonic()) < ends_at or len(answers) < 2:
        assert started < gives_up_at, "this process stands still all the time"
        clock.longest_pause_s()
        answer = ask_health(server)
        if clock.longest_pause_s() < _INTERVAL_S:
            answers.append(answer)
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


def run_floods(directory, kinds, seconds, clock):
    """Return each flood's slowest health check in seconds and memory growth in MiB, by the flood's name.

    Only the worker's processor time counts, because other programs on the machine delay the server and its clients.
    """
    worst_s, kept_mb = {}, {}
    with mirror_server(directory, "--graceful-timeout", "1", worker=OURS, descriptors=_DESCRIPTORS) as server:
        assert talk(server.port, request("GET /")).statuses == [200]
        worker = server.worker
        before_mb = memory_mb(worker)
        for name, mixed in kinds.items():
            with flooded(server.port, *mixed):
                answers = health_for(server, seconds, clock)
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
def test_health_is_answered_during_every_kind_of_flood(tmp_path, clock):
    kinds = {name: [name] for name in KINDS} | {"all of them": list(KINDS)}

    worst_s, kept_mb = run_floods(tmp_path, kinds, 4, clock)

    assert max(worst_s.values()) < _ANSWER_S, worst_s
    assert max(kept_mb.values()) < _KEPT_MB, kept_mb


def test_health_is_answered_during_mixed_floods(tmp_path, clock):
    worst_s, kept_mb = run_floods(tmp_path, {"all of them": list(KINDS)}, 2, clock)

    assert max(worst_s.values()) < _ANSWER_S, worst_s
    assert max(kept_mb.values()) < _KEPT_MB, kept_mb
