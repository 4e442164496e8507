from pathlib import Path

import pytest

from django_runtimes.project_files.reading.folder import find_folder

MANAGE = b"DJANGO_SETTINGS_MODULE"


@pytest.mark.parametrize(
    ("files", "start", "found"),
    [
        (["manage.py", "pyproject.toml"], "src/shop", "."),
        (["src/manage.py", "pyproject.toml"], "src", "."),
        (["src/manage.py", "pyproject.toml"], "src/shop", "."),
        (["manage.py"], "shop/templates", "."),
        (["backend/manage.py", "backend/requirements.txt", "pyproject.toml"], "backend", "backend"),
        (["backend/manage.py", ".git/HEAD"], "backend/shop", "backend"),
        (["backend/manage.py", ".git/HEAD"], "docs", "."),
        # Projects in sibling folders are separate.
        (["a/manage.py", "b/manage.py", "pyproject.toml"], "a", "a"),
        (["a/manage.py", "b/manage.py", "pyproject.toml"], "a/shop", "a"),
        # A nested repository does not belong to the outer project.
        (["manage.py", "pyproject.toml", "other/.git/HEAD"], "other/x", "other/x"),
        ([], "x", "x"),
    ],
)
def test_the_folder_of_a_project_is_found(tmp_path: Path, files: list[str], start: str, found: str):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(MANAGE)
    (tmp_path / start).mkdir(parents=True, exist_ok=True)

    assert find_folder(tmp_path / start) == tmp_path / found


def test_an_adopted_project_without_a_manage_file_is_found(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[tool.webapp]\n")
    (tmp_path / "src").mkdir()

    assert find_folder(tmp_path / "src") == tmp_path
