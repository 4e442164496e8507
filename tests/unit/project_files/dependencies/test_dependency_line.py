"""The line that adds the library, for each packaging tool and each origin."""

import tomllib
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from tests.unit.project_files.dependencies.adopting import ARCHIVE, GIT, HASHED, WHEEL, WHEEL_HASH, adopt, last_line


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


def test_a_hashed_file_gets_the_wheels_hash(tmp_path: Path):
    plan, _ = adopt(tmp_path, {"requirements.txt": HASHED}, WHEEL)

    line = last_line(plan, "requirements.txt")
    assert line == f"./{WHEEL.path} --hash=sha256:{WHEEL.sha256}"
    assert plan.remarks[0].endswith("the packages that django-runtimes needs (asgiref)")


def test_a_hashed_file_accepts_no_line_without_a_hash(tmp_path: Path):
    with pytest.raises(UsageError, match=r"allows only lines with --hash, but django-runtimes @ git\+https"):
        adopt(tmp_path, {"requirements.txt": HASHED}, GIT)


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


UV = {"pyproject.toml": '[project]\nrequires-python = ">=3.11"\ndependencies = [\n  "django",\n]\n', "uv.lock": ""}
PROJECT = {"pyproject.toml": '[project]\ndependencies = [\n  "django",\n]\n'}
POETRY = {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\ndjango = "^5.2"\n'}
NAMED = "django-runtimes[server,mysql]"


@pytest.mark.parametrize(
    ("files", "source", "expected"),
    [
        ({"requirements.txt": "django\n"}, GIT, f"{NAMED} @ git+"),
        ({"requirements.txt": "django\npymysql\n"}, WHEEL, f"./{WHEEL.path}[server,mysql]\n"),
        ({"requirements.txt": "-r base.txt\n", "base.txt": "django\n"}, WHEEL, f"./{WHEEL.path}[server,mysql]\n"),
        ({"requirements.in": "django\n", "requirements.txt": "django==5.2 # via -r requirements.in\n"}, GIT, NAMED),
        ({"requirements.txt": HASHED}, WHEEL, f"./{WHEEL.path}[server,mysql] --hash=sha256:{WHEEL.sha256}\n"),
        ({"setup.cfg": "[options]\ninstall_requires =\n  django\n"}, WHEEL, f"./{WHEEL.path}[server,mysql]\n"),
        ({}, ARCHIVE, f"{NAMED} @ {ARCHIVE.url}"),
        (PROJECT, GIT, f'"{NAMED} @ git+'),
        (PROJECT, WHEEL, f'"{NAMED}>=1.2"'),
        (UV, WHEEL, f'"{NAMED}>=1.2"'),
        ({"pyproject.toml": f"{PROJECT['pyproject.toml']}[tool.poetry]\n", "poetry.lock": ""}, WHEEL, f'"{NAMED}>=1.2'),
        (POETRY, GIT, 'extras = ["server", "mysql"]'),
        ({"Pipfile": '[packages]\ndjango = "*"\n'}, WHEEL, 'extras = ["server", "mysql"]'),
    ],
)
def test_the_line_has_the_extra_of_the_projects_database(
    tmp_path: Path, files: dict[str, str], source: object, expected: str
):
    plan, _ = adopt(tmp_path, files, source, "server", drivers=("mysql",))

    (written,) = (change for change in plan.changes if change.path.suffix != ".whl")
    name = plan.name(written.path)
    assert expected in (written.after or b"").decode()
    assert f"django-runtimes in {name} has the extra [mysql], since the project has MySQL or MariaDB in DATABASES" in (
        plan.remarks
    )


def test_each_database_adds_its_extra(tmp_path: Path):
    plan, _ = adopt(tmp_path, {"requirements.txt": "django\n"}, WHEEL, "server", drivers=("mysql", "oracle"))

    assert last_line(plan, "requirements.txt") == f"./{WHEEL.path}[server,mysql,oracle]"
    assert len([text for text in plan.remarks if " has the extra [" in text]) == 2


def test_a_hashed_file_needs_the_drivers_hashes_too(tmp_path: Path):
    plan, _ = adopt(tmp_path, {"requirements.txt": HASHED}, WHEEL, drivers=("mysql",))

    assert any(text.endswith("the packages that django-runtimes needs (asgiref, pymysql)") for text in plan.remarks)


def test_a_listed_library_without_the_driver_gives_a_remark(tmp_path: Path):
    text = "django\ndjango-runtimes[server]\n"

    plan, _ = adopt(tmp_path, {"requirements.txt": text}, GIT, "server", drivers=("mysql",))

    assert plan.changes == ()
    assert "requirements.txt lists django-runtimes without [mysql], which the image needs; add it there" in plan.remarks
    listed, _ = adopt(tmp_path, {"requirements.txt": text.replace("server", "server,mysql")}, GIT, drivers=("mysql",))
    assert not any("without [" in remark for remark in listed.remarks)
