"""Names of files and folders in a Dockerfile."""

from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.project_files.image.quoting import copy, quoted
from tests.unit.project_files.image.written_image import INSPECTION, INSTALL, adopt, lines


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("/app/backend:/app", "/app/backend:/app"),
        ("/app/back end:/app", '"/app/back end:/app"'),
        ("/app/$HOME", r'"/app/\$HOME"'),
        ('/app/a"b\\c', r'"/app/a\"b\\c"'),
    ],
)
def test_values_are_quoted_if_needed(value: str, written: str):
    assert quoted(value) == written


@pytest.mark.parametrize(
    ("source", "instruction"),
    [
        ("a.txt", "COPY a.txt ./"),
        ("back end/a.txt", 'COPY ["back end/a.txt", "./"]'),
        ("a[1].txt", 'COPY ["a[[]1].txt", "./"]'),
        ("it's.txt", r"""COPY ["it\\'s.txt", "./"]"""),
        ("a$b.txt", r'COPY ["a\\$b.txt", "./"]'),
    ],
)
def test_copied_names_are_quoted_if_needed(source: str, instruction: str):
    assert copy([source], "./") == instruction


@pytest.mark.parametrize("folder", ["back end", "it's", "a$HOME", 'a"b'])
def test_a_dockerfile_may_name_any_folder(tmp_path: Path, folder: str):
    plan = adopt(tmp_path, {f"{folder}/requirements.txt": "django\n"}, python_path=folder)

    dockerfile = lines(plan)
    assert copy([f"{folder}/requirements.txt"], f"./{folder}/") in dockerfile
    assert f"WORKDIR {quoted(f'/app/{folder}')}" in dockerfile
    assert f"    PYTHONPATH={quoted(f'/app/{folder}:/app')} \\" in dockerfile


def test_the_shell_gets_quoted_names(tmp_path: Path):
    inspection = replace(INSPECTION, apps=("django.contrib.staticfiles",))
    files = {"back end/requirements.txt": "django\n-e libs/greet\n", "libs/greet/pyproject.toml": ""}

    dockerfile = lines(adopt(tmp_path, files, python_path="back end", inspection=inspection))

    assert f"{INSTALL} -r 'back end/requirements.txt'" in dockerfile
    assert "    PYTHONPATH='/app/back end:/app' \\" in dockerfile
