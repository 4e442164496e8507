"""`webapp init` as a process: what it writes, prints and undoes."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.integration.project_files.projects import MYSQL, PLAIN, SETTINGS, URLS, make, on, tree
from tests.integration.project_files.running_init import init, write


def test_a_dry_run_shows_the_diff_and_writes_nothing(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))

    ended = init(tmp_path, "--dry-run")

    assert ended.returncode == 0, ended.stderr
    assert "+configure(globals())\n" in ended.stdout
    assert "\x1b" not in ended.stdout
    assert tree(tmp_path) == before


def test_nothing_is_written_without_an_answer(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))

    ended = init(tmp_path)

    assert ended.returncode == 2
    assert "Standard input is not a terminal; add --yes" in ended.stderr
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("layout", "first", "runner"),
    [
        ("uv", ["uv", "lock"], ["uv", "run"]),
        ("settings package", ["WEBAPP_RUNTIME=aws_lambda", "webapp", "check", "--explain"], []),
    ],
)
def test_the_output_ends_with_the_next_two_commands(tmp_path: Path, layout: str, first: list[str], runner: list[str]):
    make(tmp_path, layout)

    ended = init(tmp_path, "--yes")

    commands = [line.split("  ")[1].split() for line in ended.stderr.splitlines() if line.startswith("  ")]
    assert commands == [first, [*runner, "webapp", "compare"]]


def test_undo_restores_the_tree(tmp_path: Path):
    before = tree(make(tmp_path, "settings package"))
    init(tmp_path, "--yes")

    ended = init(tmp_path, "--undo")

    assert ended.returncode == 0, ended.stderr
    assert tree(tmp_path) == before


def test_a_zappa_file_gives_webapp_toml(tmp_path: Path):
    make(tmp_path, "pip")
    settings = {"dev": {"project_name": "shop", "aws_region": "eu-west-1", "s3_bucket": "b"}}
    (tmp_path / "zappa_settings.json").write_text(json.dumps(settings))
    before = tree(tmp_path)

    ended = init(tmp_path, "--yes")

    assert tomllib.loads((tmp_path / "webapp.toml").read_text())["project"] == "shop", ended.stderr
    assert "s3_bucket: not needed" in ended.stderr
    init(tmp_path, "--undo")
    assert tree(tmp_path) == before


def test_the_image_installs_the_vendored_wheel(tmp_path: Path):
    make(tmp_path, "pip, pyproject")

    ended = init(tmp_path, "--yes")

    (wheel,) = (tmp_path / "vendor").iterdir()
    assert f" -r /opt/requirements.txt ./vendor/{wheel.name}\n" in (tmp_path / "Dockerfile").read_text(), ended.stderr
    assert f"no index has it; outside the image, install ./vendor/{wheel.name}[" in ended.stderr


def test_a_zappa_file_without_a_project_gives_only_webapp_toml(tmp_path: Path):
    settings = {"dev": {"project_name": "shop", "aws_region": "eu-west-1"}}
    (tmp_path / "zappa_settings.json").write_text(json.dumps(settings))
    before = tree(tmp_path)

    ended = init(tmp_path, "--yes")

    assert ended.returncode == 0, ended.stderr
    assert tomllib.loads((tmp_path / "webapp.toml").read_text())["region"] == "eu-west-1"
    assert (
        "note: zappa_settings.json is converted to webapp.toml, but no project is adopted: no manage.py" in ended.stderr
    )
    init(tmp_path, "--undo")
    assert tree(tmp_path) == before


def test_init_passes_options_on_to_deploy_with_a_page_that_it_has_tried(tmp_path: Path):
    make(tmp_path, "pip")
    write(tmp_path, {"shop/urls.py": URLS.replace('path("",', 'path("home/",')})

    ended = init(tmp_path, "--yes", "--deploy", "--project", "kiosk", "--region", "eu-west-1")

    content = tomllib.loads((tmp_path / "webapp.toml").read_text())
    assert (content["project"], content["page"]) == ("kiosk", "/home/"), ended.stderr
    assert "  webapp doctor aws " in ended.stderr


@pytest.mark.parametrize(
    ("url", "parameters", "note"),
    [
        (
            "mssql://shop@db.example/shop",
            {"AddressPrefix": "10.1", "DatabaseSystem": "sqlserver-web"},
            "DatabaseSystem is sqlserver-web, since the settings name SQL Server (sqlserver-se instead, if that",
        ),
        (
            "oracle://shop@db.example:2484/shop",
            {"AddressPrefix": "10.1", "DatabaseSystem": "oracle-se2"},
            "DatabaseSystem is oracle-se2, since the settings name Oracle; it cannot change after the first deploy",
        ),
        (
            "mariadb://shop@db.example/shop",
            {"AddressPrefix": "10.1", "DatabaseSystem": "mariadb"},
            "DatabaseSystem is mariadb, since the settings name MariaDB (mysql instead, if that is your server)",
        ),
        (
            "dsql://shop@db.example/shop",
            {"AddressPrefix": "10.1"},
            "the settings name Aurora DSQL, of which no template creates a cluster",
        ),
    ],
)
def test_a_stage_gets_the_system_of_the_projects_database(
    tmp_path: Path, url: str, parameters: dict[str, str], note: str
):
    make(tmp_path, "pip")

    ended = init(tmp_path, "--yes", "--deploy", "--project", "kiosk", "--region", "eu-west-1", DATABASE_URL=url)

    content = tomllib.loads((tmp_path / "webapp.toml").read_text())
    assert content["stages"]["dev"]["parameters"] == parameters, ended.stderr
    assert f"note: webapp.toml: {note}" in ended.stderr


def test_undo_needs_no_readable_pyproject(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))
    init(tmp_path, "--yes")
    (tmp_path / "pyproject.toml").write_text("[project")

    refused = init(tmp_path, "--undo")
    ended = init(tmp_path, "--undo", "--keep-edited")

    assert refused.returncode == 2
    assert "pyproject.toml was edited after" in refused.stderr
    assert refused.stderr.endswith("webapp init --undo --keep-edited\n")
    assert ended.returncode == 0, ended.stderr
    assert "not changed: pyproject.toml\n" in ended.stderr
    left = tree(tmp_path)
    assert left.pop("pyproject.toml")[1] == b"[project"
    assert left == before


def test_undo_ignores_a_damaged_pyproject_of_a_parent_folder(tmp_path: Path):
    make(tmp_path, "settings package")
    init(tmp_path, "--yes")
    (tmp_path.parent / "pyproject.toml").write_text("[project")
    try:
        ended = init(tmp_path, "--undo")
    finally:
        (tmp_path.parent / "pyproject.toml").unlink()

    assert ended.returncode == 0, ended.stderr


def test_the_project_is_found_from_a_subfolder(tmp_path: Path):
    before = tree(make(tmp_path, "src"))

    shown = init(tmp_path / "src/shop", "--dry-run")
    init(tmp_path / "src", "--yes")

    assert f"the project is in {tmp_path}\n" in shown.stderr
    assert "+++ b/src/shop/settings.py" in shown.stdout
    assert (tmp_path / "compare.toml").exists()
    assert init(tmp_path / "src/shop", "--undo").returncode == 0
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("source", "command"),
    [("requirements.in", "pip-compile requirements.in"), ("server.in", "pip-compile server.in -o requirements.txt")],
)
def test_the_command_that_compiles_the_requirements_is_printed(tmp_path: Path, source: str, command: str):
    compiled = f"asgiref==3.8.1  # via django\ndjango==5.2.1  # via -r {source}\n"
    write(tmp_path, {**PLAIN, source: "django\n", "requirements.txt": compiled})

    ended = init(tmp_path, "--yes")

    lines = [" ".join(line.split()) for line in ended.stderr.splitlines()]
    assert f"{command} adds the new line to requirements.txt" in lines, ended.stderr
    assert (tmp_path / "requirements.txt").read_text() == compiled
    assert "django-runtimes" in (tmp_path / source).read_text().lower().replace("_", "-")


@pytest.mark.parametrize(
    ("settings", "variables", "extra"),
    [
        (on(MYSQL)["shop/settings.py"], {}, "mysql"),
        (SETTINGS, {"DATABASE_URL": "mssql://shop@db.example/shop"}, "mssql"),
        (
            SETTINGS + 'DATABASES["ledger"] = {"ENGINE": "django.db.backends.oracle", "HOST": "db", "PORT": 1521}\n',
            {},
            "oracle",
        ),
        # An alias of tnsnames.ora keeps Django's engine.
        (SETTINGS + 'DATABASES["ledger"] = {"ENGINE": "django.db.backends.oracle", "NAME": "ledger"}\n', {}, None),
        (on("django.db.backends.postgresql")["shop/settings.py"], {}, None),
    ],
)
def test_the_extra_of_the_database_is_written_said_and_undone(
    tmp_path: Path, settings: str, variables: dict[str, str], extra: str | None
):
    before = tree(write(tmp_path, {**PLAIN, "shop/settings.py": settings, "requirements.txt": "django\n"}))

    ended = init(tmp_path, "--yes", **{"DATABASE_URL": "", **variables})

    extras = "lambda,server,s3" + (f",{extra}" if extra else "")
    line = (tmp_path / "requirements.txt").read_text().splitlines()[-1]
    assert line.endswith(f".whl[{extras}]"), ended.stderr
    said = [text for text in ended.stderr.splitlines() if " has the extra [" in text]
    assert [text.partition(", since")[0] for text in said] == (
        [f"note: django-runtimes in requirements.txt has the extra [{extra}]"] if extra else []
    )
    init(tmp_path, "--undo")
    assert tree(tmp_path) == before


def test_a_listed_library_without_the_driver_is_noted(tmp_path: Path):
    text = "django\ndjango-runtimes[lambda,server,s3]\n"
    before = tree(write(tmp_path, {**on(MYSQL), "requirements.txt": text}))

    ended = init(tmp_path, "--dry-run")

    assert "note: requirements.txt lists django-runtimes without [mysql], which the image needs" in ended.stderr
    assert tree(tmp_path) == before
