"""The line that adds the library, for each packaging tool and each origin."""

import io
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.dependency_line import plan_dependency
from django_runtimes.project_files.dependencies.library import Archive, Git, Library, Wheel
from django_runtimes.project_files.dependencies.listing import find_dependencies

GIT = Git("https://git.example/runtimes", "0123abc")
ARCHIVE = Archive("https://files.example/django_runtimes-1.2-py3-none-any.whl", "sha256=00ff")
WHEEL = Wheel("django_runtimes-1.2-py3-none-any.whl", b"wheel")
WHEEL_HASH = "4ef9c3fa04a4dad4aa07cb1bc3bb3cd8cdd5ccdcfbf67da1d0bdc6e76e0aaaa3"


def library(source: object, *extras: str) -> Library:
    made = Library("1.2", extras, SpecifierSet(">=3.11,<3.14"), (Requirement("asgiref"), Requirement("django>=5.2")))
    made.__dict__["source"] = source
    return made


def adopt(root: Path, files: dict[str, str], source: object, *extras: str) -> tuple[FilePlan, str]:
    for name, content in files.items():
        (root / name).write_text(content)
    plan = FilePlan(root)
    tables = plan_dependency(plan, find_dependencies(plan, root), library(source, *extras))
    return plan, tables


def last_line(plan: FilePlan, name: str) -> str:
    return (plan.read(plan.root / name) or b"").decode().splitlines()[-1]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (GIT, "django-runtimes[server] @ git+https://git.example/runtimes@0123abc"),
        (ARCHIVE, f"django-runtimes[server] @ {ARCHIVE.url}#sha256=00ff"),
        (WHEEL, "./vendor/django_runtimes-1.2-py3-none-any.whl[server]"),
    ],
)
def test_a_requirements_file_gets_the_line_for_each_origin(tmp_path: Path, source: object, line: str):
    plan, _ = adopt(tmp_path, {"requirements.txt": "django"}, source, "server")

    assert last_line(plan, "requirements.txt") == line


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (GIT, {"git": GIT.url, "rev": "0123abc", "python": ">=3.11,<3.14"}),
        (ARCHIVE, {"url": ARCHIVE.url, "python": ">=3.11,<3.14"}),
        (WHEEL, {"path": WHEEL.path, "python": ">=3.11,<3.14"}),
    ],
)
def test_poetry_gets_the_librarys_python_range(tmp_path: Path, source: object, value: dict[str, str]):
    text = '[tool.poetry.dependencies]\npython = "^3.11"\ndjango = "^5.2"\n'

    plan, _ = adopt(tmp_path, {"pyproject.toml": text}, source)

    table = tomllib.loads((plan.read(tmp_path / "pyproject.toml") or b"").decode())["tool"]["poetry"]["dependencies"]
    assert table["django-runtimes"] == value


def test_poetry_gets_no_range_if_the_projects_range_is_narrower(tmp_path: Path):
    text = '[tool.poetry.dependencies]\npython = ">=3.12,<3.14"\ndjango = "^5.2"\n'

    plan, _ = adopt(tmp_path, {"pyproject.toml": text}, WHEEL)

    assert last_line(plan, "pyproject.toml") == f'django-runtimes = {{path = "{WHEEL.path}"}}'


@pytest.mark.parametrize(
    ("source", "value"),
    [(GIT, {"git": GIT.url, "ref": "0123abc"}), (WHEEL, {"path": WHEEL.path})],
)
def test_a_pipfile_gets_the_entry_for_each_origin(tmp_path: Path, source: object, value: object):
    plan, _ = adopt(tmp_path, {"Pipfile": '[packages]\ndjango = "*"\n'}, source)

    table = tomllib.loads((plan.read(tmp_path / "Pipfile") or b"").decode())["packages"]
    assert table["django-runtimes"] == value


@pytest.mark.parametrize(
    ("source", "tables"),
    [
        (GIT, {"git": GIT.url, "rev": "0123abc"}),
        (ARCHIVE, {"url": ARCHIVE.url}),
        (WHEEL, {"path": WHEEL.path}),
    ],
)
def test_uv_gets_a_source(tmp_path: Path, source: object, tables: dict[str, str]):
    text = '[project]\nrequires-python = ">=3.10"\ndependencies = [\n  "django",\n]\n'

    plan, block = adopt(tmp_path, {"pyproject.toml": text, "uv.lock": "version = 1"}, source)

    assert (
        "  \"django-runtimes>=1.2 ; python_version >= '3.11'\",\n"
        in (plan.read(tmp_path / "pyproject.toml") or b"").decode()
    )
    found = tomllib.loads(block).get("tool", {}).get("uv", {}).get("sources", {}).get("django-runtimes", {})
    assert found == tables


def test_a_list_that_cannot_name_a_file_gets_a_remark(tmp_path: Path):
    plan, _ = adopt(tmp_path, {"pyproject.toml": '[project]\ndependencies = [\n  "django",\n]\n'}, WHEEL, "server")

    assert plan.remarks == [
        "pyproject.toml can name django-runtimes only by its version, but no index has it; outside the "
        "image, install ./vendor/django_runtimes-1.2-py3-none-any.whl[server] first"
    ]


def test_hatchling_is_configured_to_allow_a_direct_reference(tmp_path: Path):
    text = '[build-system]\nbuild-backend = "hatchling.build"\n[project]\ndependencies = [\n  "django",\n]\n'

    _, block = adopt(tmp_path, {"pyproject.toml": text}, GIT)

    assert tomllib.loads(block)["tool"]["hatch"]["metadata"] == {"allow-direct-references": True}


HASHED = "django==5.2.1 --hash=sha256:00\n"


def test_a_hashed_file_gets_the_wheels_hash(tmp_path: Path):
    plan, _ = adopt(tmp_path, {"requirements.txt": HASHED}, WHEEL)

    line = last_line(plan, "requirements.txt")
    assert line == f"./{WHEEL.path} --hash=sha256:{WHEEL.sha256}"
    assert plan.remarks[0].endswith("the packages that django-runtimes needs (asgiref)")


def test_a_hashed_file_accepts_no_line_without_a_hash(tmp_path: Path):
    with pytest.raises(UsageError, match=r"allows only lines with --hash, but django-runtimes @ git\+https"):
        adopt(tmp_path, {"requirements.txt": HASHED}, GIT)


def test_only_the_source_of_a_compiled_file_is_changed(tmp_path: Path):
    plan, _ = adopt(tmp_path, {"requirements.txt": HASHED, "requirements.in": "django\n"}, GIT)

    assert [change.path.name for change in plan.changes] == ["requirements.in"]


@pytest.mark.parametrize(
    "origins",
    [
        "    # via -r {}",
        "\n    # via -r {}",
        "\n    # via\n    #   -r {}\n    #   wagtail",
        "\r\n    # via\r\n    #   wagtail\r\n    #   -r {}",
        "    # via -r {}, wagtail",
        "    # via wagtail, -r {}",
        "\n    # via wagtail\nwagtail==7.0\n    # via -r {}",
    ],
)
@pytest.mark.parametrize("source", ["requirements.in", "server.in"])
def test_a_compiled_file_without_a_header_is_recognized_by_its_annotations(tmp_path: Path, origins: str, source: str):
    compiled = f"asgiref==3.8.1\n    # via django\ndjango==5.2.1{origins.format(source)}\n"

    plan, _ = adopt(tmp_path, {"requirements.txt": compiled, source: "django\n"}, GIT)

    assert [change.path.name for change in plan.changes] == [source]
    assert plan.remarks == []


def test_pyproject_is_changed_if_an_annotation_names_it(tmp_path: Path):
    compiled = "django==5.2.1\n    # via shop (pyproject.toml)\n"
    text = '[project]\ndependencies = [\n  "django",\n]\n'

    plan, _ = adopt(tmp_path, {"requirements.txt": compiled, "pyproject.toml": text}, GIT)

    assert [change.path.name for change in plan.changes] == ["pyproject.toml"]


@pytest.mark.parametrize(
    ("compiled", "source"),
    [
        ("django==5.2.1  # via -r ../server.in\n", "../server.in"),
        ("django==5.2.1\n    # via shop (setup.py)\n", "setup.py"),
        ("# This file was autogenerated by uv\ndjango==5.2.1\n", "its source"),
    ],
)
def test_a_line_in_a_compiled_file_gets_a_note(tmp_path: Path, compiled: str, source: str):
    plan, _ = adopt(tmp_path, {"requirements.txt": compiled}, GIT)

    assert [change.path.name for change in plan.changes] == ["requirements.txt"]
    assert plan.remarks == [
        "requirements.txt is a compiled file, and the next compilation removes the new line; add the line to "
        f"{source} too"
    ]


@pytest.mark.parametrize("comment", ["# via our mirror", "# via -- see the wiki", "# comes via -r of server.in"])
def test_a_comment_of_the_projects_own_is_no_annotation(tmp_path: Path, comment: str):
    plan, _ = adopt(tmp_path, {"requirements.txt": f"django  {comment}\n", "requirements.in": "flask\n"}, GIT)

    assert [change.path.name for change in plan.changes] == ["requirements.txt"]
    assert plan.remarks == []


def test_pyproject_is_changed_if_it_is_the_source(tmp_path: Path):
    text = '[project]\ndependencies = [\n  "django",\n]\n'

    plan, _ = adopt(tmp_path, {"requirements.txt": HASHED, "pyproject.toml": text}, GIT)

    assert [change.path.name for change in plan.changes] == ["pyproject.toml"]


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": "django\nDjango_Runtimes>=0.1\n"},
        {"requirements.txt": "django\n./vendor/django_runtimes-0.1.0-py3-none-any.whl\n"},
        {"requirements.txt": "django\ngit+https://git.example/x#egg=django-runtimes\n"},
        {"Pipfile": '[packages]\ndjango-runtimes = "*"\n'},
        {"pyproject.toml": '[project]\ndependencies = ["django", "django-runtimes @ https://x.example/y.whl"]\n'},
        {"pyproject.toml": '[project]\nname = "django-runtimes"\ndependencies = ["django"]\n'},
    ],
)
def test_a_file_that_lists_the_library_is_not_changed(tmp_path: Path, files: dict[str, str]):
    plan, _ = adopt(tmp_path, files, GIT)

    assert plan.changes == ()
    assert plan.already == [f"{next(iter(files))} lists django-runtimes"]


def test_another_wheel_of_the_same_version_is_not_overwritten(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / WHEEL.path).write_bytes(b"another")

    with pytest.raises(UsageError, match="is another wheel of the same version; remove it"):
        adopt(tmp_path, {"requirements.txt": "django\n"}, WHEEL)


OLD = "django_runtimes-1.1-py3-none-any.whl"
OLD_HASH = Wheel(OLD, b"old wheel").sha256


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("requirements.txt", f"django\n./vendor/{OLD}[server]\n", f"django\n./{WHEEL.path}[server]\n"),
        (
            "requirements.txt",
            f"django==5.2 --hash=sha256:00\n./vendor/{OLD} --hash=sha256:{OLD_HASH}\n",
            f"django==5.2 --hash=sha256:00\n./{WHEEL.path} --hash=sha256:{WHEEL.sha256}\n",
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["django", "django-runtimes[lambda]>=1.1 ; python_version >= \'3.11\'"]\n',
            '[project]\ndependencies = ["django", "django-runtimes[lambda]>=1.2 ; python_version >= \'3.11\'"]\n',
        ),
        (
            "pyproject.toml",
            f'[tool.poetry.dependencies]\ndjango = "*"\ndjango-runtimes = {{path = "vendor/{OLD}"}}\n',
            f'[tool.poetry.dependencies]\ndjango = "*"\ndjango-runtimes = {{path = "{WHEEL.path}"}}\n',
        ),
    ],
)
def test_a_newer_wheel_replaces_the_older_wheel(tmp_path: Path, name: str, before: str, after: str):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / OLD).write_bytes(b"old wheel")
    dockerfile = "RUN pip install -r /opt/requirements.txt ./vendor/{}\n"

    plan, _ = adopt(tmp_path, {name: before, "Dockerfile": dockerfile.format(OLD)}, WHEEL)

    assert (plan.read(tmp_path / name) or b"").decode() == after
    assert plan.read(tmp_path / "Dockerfile") == dockerfile.format(WHEEL.file_name).encode()
    assert not plan.exists(tmp_path / "vendor" / OLD)
    assert plan.read(tmp_path / WHEEL.path) == b"wheel"


def test_a_newer_wheel_is_named_in_a_file_that_includes_another_file(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / OLD).write_bytes(b"old wheel")

    plan, _ = adopt(tmp_path, {"requirements.txt": f"-r deps.in\n./vendor/{OLD}\n", "deps.in": "django\n"}, WHEEL)

    assert plan.read(tmp_path / "requirements.txt") == f"-r deps.in\n./{WHEEL.path}\n".encode()


def test_a_newer_wheel_is_named_in_the_encoding_of_the_file(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / OLD).write_bytes(b"old wheel")
    (tmp_path / "requirements.txt").write_bytes(f"django\r\n./vendor/{OLD}\r\n".encode("utf-16"))

    plan, _ = adopt(tmp_path, {}, WHEEL)

    assert plan.read(tmp_path / "requirements.txt") == f"django\r\n./{WHEEL.path}\r\n".encode("utf-16")


def test_a_newer_wheel_in_the_project_is_kept(tmp_path: Path):
    newer = "django_runtimes-1.10-py3-none-any.whl"
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / newer).write_bytes(b"newer")

    plan, _ = adopt(tmp_path, {"requirements.txt": f"django\n./vendor/{newer}\n"}, WHEEL)

    assert plan.changes == ()
    assert plan.remarks == [
        "vendor has django-runtimes 1.10, but this environment has the older 1.2; install the project's requirements "
        "here"
    ]


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("there", "is_replaced"),
    [({"a.py": b"1", "b.dist-info/RECORD": b"other"}, False), ({"a.py": b"2", "b.dist-info/RECORD": b""}, True)],
)
def test_a_wheel_of_the_same_version_is_replaced_if_its_files_differ(
    tmp_path: Path, there: dict[str, bytes], *, is_replaced: bool
):
    wheel = Wheel(WHEEL.file_name, packed({"a.py": b"1", "b.dist-info/RECORD": b""}))
    (tmp_path / "vendor").mkdir()
    (tmp_path / wheel.path).write_bytes(packed(there))

    plan, _ = adopt(tmp_path, {"requirements.txt": f"django\n./{wheel.path}\n"}, wheel)

    assert [change.path.name for change in plan.changes] == ([wheel.file_name] if is_replaced else [])


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        ("requirements.txt", "django\ndjango-runtimes\n", "[lambda,server]"),
        ("requirements.txt", "django\ndjango-runtimes[server,s3]>=1\n", "[lambda]"),
        ("requirements.txt", "django\n./vendor/django_runtimes-1.2-py3-none-any.whl[lambda]\n", "[server]"),
        ("requirements.txt", "django\ngit+https://git.example/runtimes#egg=django-runtimes[lambda]\n", "[server]"),
        ("requirements.txt", "django\ndjango-runtimes[lambda,server]\n", None),
        ("requirements.txt", f"django==5.2 --hash=sha256:00\ndjango-runtimes==1.2 --hash=sha256:{WHEEL_HASH}\n", None),
        (
            "pyproject.toml",
            '[project]\nname = "shop"\ndependencies = ["django", "django-runtimes"]\n',
            "[lambda,server]",
        ),
        ("Pipfile", '[packages]\ndjango = "*"\ndjango-runtimes = {version = "*", extras = ["lambda"]}\n', "[server]"),
    ],
)
def test_missing_extras_of_a_listed_library_give_a_remark(tmp_path: Path, name: str, text: str, missing: str | None):
    plan, _ = adopt(tmp_path, {name: text}, GIT, "lambda", "server")

    remark = f"{name} lists django-runtimes without {missing}, which the image needs; add it there"
    assert plan.changes == ()
    assert plan.already == [f"{name} lists django-runtimes"]
    assert [text for text in plan.remarks if "without [" in text] == ([remark] if missing else [])
