"""A library that the project lists itself, without saying where it comes from."""

import tomllib
from pathlib import Path

import pytest

from tests.unit.project_files.dependencies.test_dependency_line import GIT, WHEEL, adopt

ARRAY = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["django", "django-runtimes>=1"]\n'
HASHED = "django==5.2 --hash=sha256:00\ndjango-runtimes==1.2 --hash=sha256:{}\n"
FROM_LINES = "lists django-runtimes without its source, and no public index has it; "


def copied(plan: object) -> list[str]:
    return [change.path.relative_to(plan.root.resolve()).as_posix() for change in plan.changes]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "django\ndjango-runtimes>=1\n"),
        ("requirements.txt", "-r more.txt\n"),
        ("pyproject.toml", ARRAY),
        ("pyproject.toml", '[dependency-groups]\nweb = ["django", "django-runtimes>=1"]\n'),
    ],
)
def test_the_wheel_is_copied(tmp_path: Path, name: str, text: str):
    (tmp_path / "more.txt").write_text("django\ndjango-runtimes\n")

    plan, _ = adopt(tmp_path, {name: text}, WHEEL)

    assert copied(plan) == [WHEEL.path]
    listing = "more.txt" if "more" in text else name
    assert plan.remarks == [
        f"{listing} {FROM_LINES}a new Dockerfile installs {WHEEL.path}, and outside the image, install ./{WHEEL.path} "
        "first"
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "django\n./wheels/django_runtimes-1.1-py3-none-any.whl\n"),
        ("requirements.txt", "django\ngit+https://git.example/x#egg=django-runtimes\n"),
        ("requirements.txt", "django\ndjango-runtimes @ https://x.example/y.whl\n"),
        ("requirements.txt", "django\ndjango-runtimes\n--find-links links\n"),
        ("pyproject.toml", ARRAY + '[tool.uv.sources]\ndjango_runtimes = { path = "../x" }\n'),
        ("pyproject.toml", ARRAY + '[tool.poetry.dependencies]\ndjango-runtimes = { git = "https://x.example" }\n'),
        ("Pipfile", '[packages]\ndjango = "*"\ndjango-runtimes = { file = "https://x.example/y.whl" }\n'),
    ],
)
def test_a_source_of_the_projects_own_is_kept(tmp_path: Path, name: str, text: str):
    (tmp_path / "links").mkdir()
    (tmp_path / "links/django_runtimes-1.2-py3-none-any.whl").write_bytes(b"wheel")

    plan, tables = adopt(tmp_path, {name: text}, WHEEL)

    assert (copied(plan), plan.remarks, tables) == ([], [], "")


@pytest.mark.parametrize("line", ["-e ./libs/runtimes", "libs/runtimes[server]"])
def test_the_librarys_own_folder_is_a_source(tmp_path: Path, line: str):
    (tmp_path / "libs/runtimes").mkdir(parents=True)
    (tmp_path / "libs/runtimes/pyproject.toml").write_text('[project]\nname = "Django_Runtimes"\n')
    (tmp_path / "libs/greet").mkdir()

    plan, tables = adopt(tmp_path, {"requirements.txt": f"django\n./libs/greet\n{line}\n"}, WHEEL, "server")

    assert (copied(plan), plan.remarks, tables) == ([], [], "")
    assert plan.already == ["requirements.txt lists django-runtimes"]


def test_nothing_is_planned_again_once_the_wheel_is_there(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / WHEEL.path).write_bytes(b"wheel")

    plan, tables = adopt(tmp_path, {"requirements.txt": "django\ndjango-runtimes>=1\n"}, WHEEL)

    assert (copied(plan), plan.remarks, tables) == ([], [], "")


@pytest.mark.parametrize(
    ("lock", "path"),
    [("uv.lock", ["uv", "sources", "django-runtimes"]), ("poetry.lock", ["poetry", "dependencies", "django-runtimes"])],
)
@pytest.mark.parametrize(
    ("source", "entry", "files"),
    [
        (WHEEL, {"path": WHEEL.path}, [WHEEL.path]),
        (GIT, {"git": "https://git.example/runtimes", "rev": "0123abc"}, []),
    ],
)
def test_uv_and_poetry_get_the_source(
    tmp_path: Path, lock: str, path: list[str], source: object, entry: dict[str, str], files: list[str]
):
    plan, tables = adopt(tmp_path, {"pyproject.toml": ARRAY, lock: ""}, source)

    found = tomllib.loads(tables)["tool"]
    for key in path:
        found = found[key]
    assert found == entry
    assert (copied(plan), plan.remarks) == (files, [])


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [
        ("Pipfile", '[packages]\ndjango = "*"\ndjango-runtimes = "*"\n', WHEEL),
        ("pyproject.toml", '[tool.poetry.dependencies]\ndjango = "*"\ndjango-runtimes = "^1"\n', WHEEL),
        ("requirements.txt", "django\ndjango-runtimes>=1\n", GIT),
        ("pyproject.toml", ARRAY, GIT),
    ],
)
def test_a_line_that_cannot_be_completed_gets_a_note(tmp_path: Path, name: str, text: str, source: object):
    plan, tables = adopt(tmp_path, {name: text}, source)

    assert (copied(plan), tables) == ([], "")
    assert plan.remarks == [
        f"{name} {FROM_LINES}unless an index of yours does, remove the line, and run webapp init again, which adds it "
        "with its source"
    ]


@pytest.mark.parametrize(("digest", "notes"), [(WHEEL.sha256, 1), ("00", 2)])
def test_a_hash_of_another_wheel_gets_a_note(tmp_path: Path, digest: str, notes: int):
    plan, _ = adopt(tmp_path, {"requirements.txt": HASHED.format(digest)}, WHEEL)

    assert copied(plan) == [WHEEL.path]
    assert len(plan.remarks) == notes
    missing = f"none belongs to {WHEEL.path}; add --hash=sha256:{WHEEL.sha256} to the line of django-runtimes"
    assert (missing in plan.remarks[0]) == (notes == 2)
