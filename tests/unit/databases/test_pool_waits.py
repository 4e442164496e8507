"""A process counts the waits for its pools in memory, or in a file that others read."""

import os
from pathlib import Path

import pytest

from django_runtimes.config.values.wait_buckets import WAIT_SLOTS, bucket_of
from django_runtimes.databases.postgresql.connections.pool_waits import PoolWaits

SLOT_BYTES = 8


def test_nothing_is_counted_before_the_start():
    waits = PoolWaits()

    waits.add(0.5)

    assert (waits.total_us, waits.counts) == (0, {})


def test_waits_are_counted_by_bucket():
    waits = PoolWaits()
    waits.start()

    for waited_s in (0.001, 0.001, 0.25):
        waits.add(waited_s)

    assert waits.total_us == 252_000
    assert waits.counts == {bucket_of(1_000): 2, bucket_of(250_000): 1}


def test_another_process_can_read_the_file_at_any_time(tmp_path: Path):
    waits = PoolWaits()
    waits.keep_in(tmp_path)
    assert list(tmp_path.iterdir()) == []

    waits.add(0.001)
    waits.add(0.001)

    (file,) = tmp_path.iterdir()
    numbers = memoryview(file.read_bytes()).cast("Q")
    assert len(numbers) == WAIT_SLOTS
    assert (numbers[0], numbers[1 + bucket_of(1_000)], sum(numbers)) == (2_000, 2, 2_002)


def test_a_child_process_has_a_file_of_its_own(tmp_path: Path):
    waits = PoolWaits()
    waits.keep_in(tmp_path)
    waits.add(0.001)

    child = os.fork()
    if child == 0:
        waits.add(0.002)
        os._exit(0 if waits.total_us == 2_000 else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert waits.total_us == 1_000
    assert len(list(tmp_path.iterdir())) == 2


def test_an_unusable_directory_is_logged_and_fails_no_request(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    waits = PoolWaits()
    waits.keep_in(tmp_path / "missing")

    waits.add(0.001)

    assert waits.total_us == 1_000
    assert f"Cannot keep the waits for connections in {tmp_path / 'missing'}: " in caplog.text
