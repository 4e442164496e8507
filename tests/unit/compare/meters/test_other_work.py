import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from django_runtimes.compare.meters import other_work
from django_runtimes.compare.meters.other_work import OtherWork


def test_the_work_of_the_runs_own_processes_is_not_counted(monkeypatch: pytest.MonkeyPatch):
    # The machine is busy for 3 s of 2 s, and the run's own processes for 1 s of them.
    machine, own, clock = iter([100.0, 103.0]), iter([7.0, 8.0]), iter([10.0, 12.0])
    monkeypatch.setattr(other_work, "_machine_s", lambda: next(machine))
    monkeypatch.setattr(other_work, "_own_s", lambda _: next(own))
    monkeypatch.setattr(other_work, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)

    assert OtherWork().busy_cpus() == 1.0


def test_a_process_that_takes_its_time_along_makes_the_figure_unknown(monkeypatch: pytest.MonkeyPatch):
    own = iter([7.0, 2.0])
    monkeypatch.setattr(other_work, "_own_s", lambda _: next(own))

    assert OtherWork().busy_cpus() is None


def test_the_time_of_children_counts_as_own_after_they_have_ended():
    before_s = other_work._own_s([psutil.Process().pid])
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)

    assert other_work._own_s([psutil.Process().pid]) - before_s >= 0.4


def test_waiting_for_input_is_not_busy(monkeypatch: pytest.MonkeyPatch):
    times = {"user": 1.0, "system": 2.0, "idle": 50.0, "iowait": 7.0, "steal": 4.0, "guest": 1.0}
    monkeypatch.setattr(psutil, "cpu_times", lambda: SimpleNamespace(_asdict=lambda: times))

    assert other_work._machine_s() == 7.0
