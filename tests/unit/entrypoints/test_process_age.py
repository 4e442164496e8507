import subprocess
import sys
import time
from pathlib import Path

import pytest

from django_runtimes.entrypoints import measured_process, process_age

# The kernel counts in steps of 10 ms.
STEP_S = 0.01

SLEPT_S = 0.3

PRINT_AGE = f"""
import time
from django_runtimes.entrypoints.process_age import process_age_s

time.sleep({SLEPT_S})
print(process_age_s())
"""


def test_the_age_of_a_process_counts_from_its_start():
    # The time of day is no measure, since it may be set while a process runs.
    started_s = time.monotonic()
    printed = subprocess.run([sys.executable, "-c", PRINT_AGE], capture_output=True, text=True, check=True)
    lived_s = time.monotonic() - started_s

    assert SLEPT_S <= float(printed.stdout) <= lived_s + STEP_S


def test_without_proc_the_age_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(process_age, "_STAT", str(tmp_path / "absent"))

    assert process_age.process_age_s() is None


def test_a_command_may_contain_spaces_and_parentheses(monkeypatch, tmp_path):
    stat = Path("/proc/self/stat").read_text()
    command = stat[stat.index("(") : stat.rindex(")") + 1]
    fake = tmp_path / "stat"
    fake.write_text(stat.replace(command, "(a) b ((c)"))

    before_s = _age_now_s(monkeypatch, "/proc/self/stat")
    age_s = _age_now_s(monkeypatch, str(fake))
    after_s = _age_now_s(monkeypatch, "/proc/self/stat")

    assert before_s <= age_s <= after_s


def _age_now_s(monkeypatch: pytest.MonkeyPatch, stat: str) -> float:
    monkeypatch.setattr(process_age, "_STAT", stat)
    age_s = process_age.process_age_s()
    assert age_s is not None
    return age_s


def test_without_proc_measurements_count_the_age_from_the_import(monkeypatch):
    monkeypatch.setattr(measured_process, "process_age_s", lambda: None)
    imported_s = time.monotonic() - 2
    monkeypatch.setattr(measured_process, "_IMPORTED_S", imported_s)

    age_ms = measured_process._age_ms()
    assert 1_999 <= age_ms <= 1_000 * (time.monotonic() - imported_s) + 1
