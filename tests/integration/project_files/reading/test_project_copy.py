"""Copies a project, so that no write reaches its files."""

from pathlib import Path

import pytest

from django_runtimes.project_files.reading.layout import find_layout
from django_runtimes.project_files.reading.project_copy import copied_project
from tests.integration.project_files.reading.shop import make_shop


def test_environments_are_linked(tmp_path: Path):
    make_shop(tmp_path)
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to("shop/urls.py")

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        links = {path.name for path in copy.root.iterdir() if path.is_symlink()}
        assert links == {"env", "link"}
        assert (copy.root / "link").resolve() == copy.root / "shop/urls.py"

    assert not copy.root.exists()


def test_a_write_to_a_large_file_stays_in_the_copy(tmp_path: Path):
    make_shop(tmp_path)
    (tmp_path / "hits.log").write_bytes(bytes(6 * 1024 * 1024))

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        assert (copy.root / "hits.log").stat().st_size == 6 * 1024 * 1024
        (copy.root / "hits.log").write_bytes(b"visit")

    assert (tmp_path / "hits.log").stat().st_size == 6 * 1024 * 1024


@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_write_through_a_link_stays_in_the_copy(tmp_path: Path, is_absolute: bool):
    make_shop(tmp_path)
    (tmp_path / "data").mkdir()
    # The relative link leaves the project's folder and enters it again.
    (tmp_path / "var").symlink_to(tmp_path / "data" if is_absolute else f"../{tmp_path.name}/data")

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        (copy.root / "var/visit.txt").write_bytes(b"visit")
        assert (copy.root / "data/visit.txt").exists()

    assert list((tmp_path / "data").iterdir()) == []


def test_the_largest_uploads_beyond_a_limit_are_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("django_runtimes.project_files.reading.project_copy._MOST_COPIED_BYTES", 3000)
    make_shop(tmp_path)
    (tmp_path / "media").mkdir()
    (tmp_path / "media/a.jpg").write_bytes(bytes(3001))
    (tmp_path / "media/b.jpg").write_bytes(bytes(600))

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        assert {path.name: path.stat().st_size for path in (copy.root / "media").iterdir()} == {
            "a.jpg": 0,
            "b.jpg": 600,
        }
        (copy.root / "media/a.jpg").write_bytes(b"visit")

    assert (tmp_path / "media/a.jpg").stat().st_size == 3001
