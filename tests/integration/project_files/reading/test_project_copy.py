"""Copies a project, and links its large files and folders."""

from pathlib import Path

import pytest

from django_runtimes.project_files.reading.layout import find_layout
from django_runtimes.project_files.reading.project_copy import copied_project
from tests.integration.project_files.reading.shop import make_shop


def test_large_files_and_environments_are_linked(tmp_path: Path):
    make_shop(tmp_path)
    (tmp_path / "data.bin").write_bytes(bytes(6 * 1024 * 1024))
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to("shop/urls.py")

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        links = {path.name for path in copy.root.iterdir() if path.is_symlink()}
        assert links == {"data.bin", "env", "link"}
        assert (copy.root / "link").resolve() == copy.root / "shop/urls.py"
        assert (copy.root / "data.bin").stat().st_size == 6 * 1024 * 1024

    assert not copy.root.exists()


def test_uploads_beyond_a_limit_are_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("django_runtimes.project_files.reading.project_copy._MOST_COPIED_BYTES", 1000)
    make_shop(tmp_path)
    (tmp_path / "media").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "media" / name).write_bytes(bytes(600))

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        links = [path.is_symlink() for path in (copy.root / "media").iterdir()]
        assert sorted(links) == [False, True]
        assert not (copy.root / "shop/urls.py").is_symlink()
