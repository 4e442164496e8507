import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from django_runtimes.compare.meters.process_meter import ProcessMeter
from django_runtimes.compare.record.resource_use import ResourceUse

# For each line of its input it uses 0.3 s of CPU time, and writes a line.
WORKER = """
import sys, time
filler = bytearray(64 * 2**20)
for _ in sys.stdin:
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    print(flush=True)
"""
# A server whose only child does the work.
MASTER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORKER!r}])"


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        work(process)
        return process

    yield start
    for process in started:
        process.communicate(timeout=60)


def work(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    process.stdout.readline()


@pytest.mark.parametrize("program", [WORKER, MASTER], ids=["process", "child"])
def test_the_cpu_time_of_the_intervals_is_divided_by_their_requests(start, program: str):
    process, meter = start(program), ProcessMeter()

    for _ in range(2):
        meter.begin([process.pid])
        work(process)
        meter.end([process.pid], requests=10)
        # This is in no interval.
        work(process)

    assert meter.use.cpu_ms_per_request == pytest.approx(30, abs=6)
    assert meter.use.peak_rss_mb > 64


def test_a_process_that_starts_in_an_interval_counts_in_full(start):
    meter = ProcessMeter()

    meter.begin([])
    process = start(WORKER)
    meter.end([process.pid], requests=10)

    assert meter.use.cpu_ms_per_request >= 30


def test_nothing_is_known_without_processes():
    meter = ProcessMeter()

    meter.begin([])
    meter.end([], requests=10)

    assert meter.use == ResourceUse(None, None)


def test_a_process_that_has_ended_is_left_out(start):
    process, meter = start(WORKER), ProcessMeter()

    meter.begin([process.pid])
    process.communicate(timeout=60)
    meter.end([process.pid], requests=10)

    assert meter.use == ResourceUse(None, None)
