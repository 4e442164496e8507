from pathlib import Path

from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.meters.pool_wait_files import read_pool_waits
from django_runtimes.config.values.wait_buckets import bucket_of
from django_runtimes.databases.postgresql.connections.pool_waits import PoolWaits


def test_the_files_of_all_processes_are_added(tmp_path: Path):
    for waits_s in ([0.001], [0.001, 0.25]):
        process = PoolWaits()
        process.keep_in(tmp_path)
        for waited_s in waits_s:
            process.add(waited_s)

    assert read_pool_waits(tmp_path) == WaitCounts(3, 252_000, {bucket_of(1_000): 2, bucket_of(250_000): 1})


def test_a_file_of_another_length_is_ignored(tmp_path: Path):
    (tmp_path / "7-00000000").write_bytes(b"")
    (tmp_path / "8-00000000").write_bytes(bytes(80))

    assert read_pool_waits(tmp_path).number == 0
