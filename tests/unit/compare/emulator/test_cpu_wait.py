import os
from pathlib import Path

import pytest

from django_runtimes.compare.emulator.cpu_wait import cpu_wait_s


def test_the_wait_is_the_second_field_in_seconds(tmp_path: Path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "schedstat").write_text("495809890 2725667932 1272\n")

    assert cpu_wait_s(7, tmp_path) == pytest.approx(2.725667932)


def test_the_wait_is_zero_if_the_kernel_does_not_count_it(tmp_path: Path):
    assert cpu_wait_s(7, tmp_path) == 0


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not count it")
def test_this_process_has_waited_for_a_cpu():
    assert cpu_wait_s(os.getpid()) > 0
