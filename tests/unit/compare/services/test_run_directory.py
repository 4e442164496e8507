"""A run's directory is removed when its process ends, or at the next start."""

import pwd
import tempfile
from pathlib import Path

import pytest

from django_runtimes.compare.services.run_directory import run_directory


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_run_directory_is_removed_with_its_contents():
    with run_directory(None) as directory:
        (directory / "data").mkdir()
        (directory / "data/file").write_text("text")

    assert not directory.exists()


def test_a_run_directory_is_removed_after_an_error():
    with pytest.raises(RuntimeError), run_directory(None) as directory:
        raise RuntimeError

    assert not directory.exists()


def test_the_directory_of_a_killed_owner_is_removed_at_the_next_start(temporary):
    left_behind = temporary / "webapp-service-dead"
    (left_behind / "data").mkdir(parents=True)

    with run_directory(None):
        assert not left_behind.exists()


def test_the_directory_of_a_living_owner_is_kept():
    with run_directory(None) as first, run_directory(None) as second:
        assert first.is_dir()
        assert first != second


def test_other_directories_are_kept(temporary):
    other = temporary / "service"
    other.mkdir()

    with run_directory(None):
        assert other.is_dir()


def test_only_the_owner_can_read_a_run_directory():
    with run_directory(None) as directory:
        assert directory.stat().st_mode & 0o777 == 0o700


def test_another_account_gets_a_directory_that_it_can_enter(temporary):
    temporary.chmod(0o700)

    with run_directory(pwd.getpwuid(65534)) as directory:
        assert not directory.is_relative_to(temporary)
        assert all(part.stat().st_mode & 0o001 for part in (directory, *directory.parents))
