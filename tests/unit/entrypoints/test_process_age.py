import time
from pathlib import Path

import psutil
import pytest

from django_runtimes.entrypoints import measured_process, process_age


def test_the_age_of_the_process_is_the_kernels():
    expected_s = time.time() - psutil.Process().create_time()

    # The kernel counts in steps of 10 ms, and adjusts its clock of the day.
    assert process_age.process_age_s() == pytest.approx(expected_s, abs=0.5)


def test_without_proc_the_age_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(process_age, "_STAT", str(tmp_path / "absent"))

    assert process_age.process_age_s() is None


def test_a_command_may_contain_spaces_and_parentheses(monkeypatch, tmp_path):
    stat = Path("/proc/self/stat").read_text()
    command = stat[stat.index("(") : stat.rindex(")") + 1]
    fake = tmp_path / "stat"
    fake.write_text(stat.replace(command, "(a) b ((c)"))
    monkeypatch.setattr(process_age, "_STAT", str(fake))

    assert process_age.process_age_s() == pytest.approx(time.time() - psutil.Process().create_time(), abs=0.5)


def test_without_proc_measurements_count_the_age_from_the_import(monkeypatch):
    monkeypatch.setattr(measured_process, "process_age_s", lambda: None)
    monkeypatch.setattr(measured_process, "_IMPORTED_S", time.monotonic() - 2)

    assert measured_process._age_ms() == pytest.approx(2_000, abs=500)
