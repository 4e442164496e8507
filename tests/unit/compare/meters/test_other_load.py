import subprocess
import sys
from types import SimpleNamespace

import psutil

from django_runtimes.compare.meters.other_load import OtherLoad, measure_other_load


def test_a_quiet_machine_needs_no_sentence():
    assert OtherLoad(0.05, 2, ()).notice is None


def test_a_busy_machine_is_described_with_its_busiest_programs():
    assert OtherLoad(0.84, 2, (("chrome", 0.5), ("postgres", 0.31))).notice == (
        "other processes keep 0.8 of 2 CPUs busy (chrome 0.5, postgres 0.3); end them for narrower intervals"
    )


def test_a_busy_process_is_found_by_its_name():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            # On a busy machine the process may have to wait for a CPU.
            for _ in range(60):
                load = measure_other_load(0.5)
                if any(name.startswith("python") for name, _ in load.programs):
                    break
        finally:
            process.kill()

    assert any(name.startswith("python") for name, _ in load.programs)
    assert load.busy_cpus > 0


def test_a_kernel_thread_that_changes_its_name_keeps_its_time(monkeypatch):
    # The thread used 100 s before the interval, and half a second in it.
    samples = iter([[("kworker/0:1", 100.0)], [("kworker/0:1-events", 100.5)]])

    def processes(_):
        return [
            SimpleNamespace(
                pid=-1,
                info={"name": name, "create_time": 1.0, "cpu_times": SimpleNamespace(user=0.0, system=seconds)},
            )
            for name, seconds in next(samples)
        ]

    monkeypatch.setattr(psutil, "process_iter", processes)

    assert 0 < measure_other_load(0.5).busy_cpus <= 1.0
