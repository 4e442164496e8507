"""The planned state of a project's files."""

from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan


def test_a_folder_with_the_name_of_a_file_is_refused(tmp_path: Path):
    (tmp_path / "compare.toml").mkdir()

    with pytest.raises(UsageError, match=r"^compare\.toml is a folder, but webapp init writes a file of this name; "):
        FilePlan(tmp_path).has_file(tmp_path / "compare.toml")


def test_files_links_and_planned_files_are_found(tmp_path: Path):
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    plan = FilePlan(tmp_path)
    plan.write(tmp_path / "planned", b"")

    names = ["a", "link", "planned", "other"]
    assert [plan.has_file(tmp_path / name) for name in names] == [True, True, True, False]
