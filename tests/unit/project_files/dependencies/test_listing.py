"""The dependencies of a project, in each packaging tool's notation."""

from pathlib import Path

import pytest

from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.listing import Manager, find_dependencies
from django_runtimes.project_files.dependencies.ranges import django_overlaps, python_minors


def dependencies(root: Path, **files: str):
    for name, content in files.items():
        (root / name.replace("__", ".")).write_text(content)
    return find_dependencies(FilePlan(root), root)


@pytest.mark.parametrize(
    ("written", "specifier"),
    [
        ('"^5.2.1"', "<6,>=5.2.1"),
        ('"~5.2"', "<5.3,>=5.2"),
        ('"~5"', "<6,>=5"),
        ('"^0.3.1"', "<0.4,>=0.3.1"),
        ('"5.2.3"', "==5.2.3"),
        ('">=5.2,<6"', "<6,>=5.2"),
        ('"*"', ""),
        ('{version = "^5.2", extras = ["argon2"]}', "<6,>=5.2"),
        ('{git = "https://x.example"}', ""),
    ],
)
def test_poetrys_ranges_are_converted(tmp_path: Path, written: str, specifier: str):
    found = dependencies(tmp_path, pyproject__toml=f"[tool.poetry.dependencies]\ndjango = {written}\n")

    assert found.manager is Manager.POETRY
    assert str(found.direct["django"].specifier) == specifier


@pytest.mark.parametrize(
    ("written", "minors"),
    [('python_version = "3.12"', {12}), ('python_full_version = "3.12.4"', {12}), ("", set(range(40)))],
)
def test_a_pipfiles_python_version_is_read(tmp_path: Path, written: str, minors: set[int]):
    found = dependencies(tmp_path, Pipfile=f'[packages]\ndjango = "*"\n[requires]\n{written}\n')

    assert python_minors(found.pythons) == minors


def test_uv_is_detected_by_its_lock_file(tmp_path: Path):
    text = '[project]\nrequires-python = ">=3.12"\ndependencies = ["django"]\n'

    assert dependencies(tmp_path, pyproject__toml=text).manager is Manager.PIP
    assert dependencies(tmp_path, uv__lock="version = 1\n").manager is Manager.UV


def test_the_packages_of_the_lock_file_are_included(tmp_path: Path):
    found = dependencies(
        tmp_path,
        pyproject__toml='[project]\ndependencies = ["django", "psycopg[c]"]\n',
        uv__lock='[[package]]\nname = "WeasyPrint"\nversion = "1"\n',
    )

    assert {"weasyprint", "psycopg-c", "asgiref"} <= found.packages()


def test_included_requirements_files_are_read(tmp_path: Path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/base.txt").write_text("Django>=5.2 ; python_version > '3'  # comment\n-e .\n")
    (tmp_path / "requirements/production.txt").write_text(
        "-r base.txt\n--extra-index-url https://x.example\ngunicorn\n"
    )

    found = dependencies(tmp_path)

    assert found.file == tmp_path / "requirements/base.txt"
    assert sorted(found.direct) == ["django", "gunicorn"]
    assert [file.local_paths for file in found.requirements.all()] == [(), (".",)]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("-e .", "."),
        ("-e .[postgres]", "."),
        ("-e libs/greet", "libs/greet"),
        ("--editable=libs/greet", "libs/greet"),
        ("./libs/greet ; python_version > '3'", "./libs/greet"),
        ("libs/greet", "libs/greet"),
        ("greet @ file:./libs/greet", "./libs/greet"),
        ("file:///srv/greet#egg=greet", "/srv/greet"),
        ("./wheels/greet-1-py3-none-any.whl --hash=sha256:00", "./wheels/greet-1-py3-none-any.whl"),
        ("greet-1.tar.gz", "greet-1.tar.gz"),
    ],
)
def test_local_paths_in_requirements_are_found(tmp_path: Path, line: str, path: str):
    found = dependencies(tmp_path, requirements__txt=f"django\n{line}\n")

    assert found.requirements.local_paths == (path,)


@pytest.mark.parametrize(
    "line",
    [
        "--find-links wheels",
        "--find-links=wheels",
        "-f wheels",
        "-fwheels",
        "--no-index --find-links 'wheels'",
        "--find-links https://files.example/ -f wheels",
    ],
)
def test_the_folder_of_find_links_is_found(tmp_path: Path, line: str):
    found = dependencies(tmp_path, requirements__txt=f"django\n{line}\n")

    assert (found.requirements.links, found.requirements.local_paths) == (("wheels",), ())


@pytest.mark.parametrize(
    "line",
    [
        "-e git+https://git.example/greet#egg=greet",
        "greet @ https://files.example/greet-1.tar.gz",
        "https://files.example/greet-1-py3-none-any.whl",
        "--find-links https://files.example/",
        "--index-url=https://index.example/simple",
        "-c https://files.example/limits.txt",
        "-r https://files.example/base.txt",
        "greet[extra]>=1 ; sys_platform == 'linux'",
    ],
)
def test_urls_are_not_local_paths(tmp_path: Path, line: str):
    found = dependencies(tmp_path, requirements__txt=f"django\n{line}\n")

    assert (found.requirements.local_paths, found.requirements.links, found.requirements.constraints) == ((), (), ())


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [(">=5.2", "<5.3", True), ("==4.2.*", ">=5.2", False), ("==5.2.7", ">=5.2,<6.2", True), ("<5", ">=5.2", False)],
)
def test_overlapping_ranges_of_django_are_detected(first: str, second: str, *, overlap: bool):
    from packaging.specifiers import SpecifierSet

    assert django_overlaps(SpecifierSet(first), SpecifierSet(second)) is overlap
