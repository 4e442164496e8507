import time
from pathlib import Path

import psutil
import pytest

from django_runtimes.entrypoints import measured_process


def test_the_age_of_the_process_is_the_kernels():
    expected_ms = (time.time() - psutil.Process().create_time()) * 1_000

    # The kernel counts in steps of 10 ms, and adjusts its clock of the day.
    assert measured_process._age_ms() == pytest.approx(expected_ms, abs=500)


def test_without_proc_the_age_counts_from_the_import(monkeypatch):
    monkeypatch.setattr(measured_process, "_STAT", Path("/absent/stat"))
    monkeypatch.setattr(measured_process, "_IMPORTED_S", time.monotonic() - 2)

    assert measured_process._age_ms() == pytest.approx(2_000, abs=500)
