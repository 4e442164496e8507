"""`webapp deploy init` writes webapp.toml, from options, defaults or Zappa's settings."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from django_runtimes.deploy.configuration import load_configuration

pytestmark = pytest.mark.profile_free


def init(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "webapp", "deploy", "init", *arguments],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


PAGE = '[[requests]]\nname = "shop"\nscenario = "read"\nmethod = "GET"\npath = "/shop/"\n'


def test_options_answer_every_question(tmp_path: Path):
    (tmp_path / "compare.toml").write_text(PAGE)

    ended = init(tmp_path, "--project", "shop", "--region", "eu-west-1", "--target", "aws_ecs", "--stage", "staging")

    assert ended.returncode == 0, ended.stderr
    assert tomllib.loads((tmp_path / "webapp.toml").read_text()) == {
        "project": "shop",
        "region": "eu-west-1",
        "page": "/shop/",
        "stages": {"staging": {"target": "aws_ecs", "parameters": {"AddressPrefix": "10.1"}}},
    }


def test_without_a_terminal_the_error_names_the_options(tmp_path: Path):
    ended = init(tmp_path, "--project", "shop")

    assert ended.returncode == 2
    assert "give --region, or --yes for" in ended.stderr
    assert not (tmp_path / "webapp.toml").exists()


def test_an_existing_file_is_kept(tmp_path: Path):
    (tmp_path / "webapp.toml").write_text("# mine\n")

    ended = init(tmp_path, "--yes")

    assert ended.returncode == 2
    assert (tmp_path / "webapp.toml").read_text() == "# mine\n"


def test_a_dry_run_writes_nothing(tmp_path: Path):
    ended = init(tmp_path, "--yes", "--project", "shop", "--dry-run")

    assert tomllib.loads(ended.stdout)["project"] == "shop"
    assert list(tmp_path.iterdir()) == []


def test_zappa_settings_are_converted_and_the_rest_listed(tmp_path: Path):
    common = {"project_name": "shop", "aws_region": "eu-west-1", "memory_size": 2048, "s3_bucket": "b"}
    settings = {
        "base": common | {"keep_warm": False, "environment_variables": {"PAGE_SIZE": "20", "API_TOKEN": "hunter2"}},
        "dev": {"extends": "base", "touch_path": "start/"},
        "prd": {
            "extends": "base",
            "environment_variables": None,
            "events": [{"function": "shop.management.commands.digest.run", "expression": "rate(1 day)"}],
        },
    }
    (tmp_path / "zappa_settings.json").write_text(json.dumps(settings))

    ended = init(tmp_path)

    assert ended.returncode == 0, ended.stderr
    text = (tmp_path / "webapp.toml").read_text()
    assert tomllib.loads(text) == {
        "project": "shop",
        "region": "eu-west-1",
        "page": "/start/",
        "stages": {
            "dev": {
                "target": "aws_lambda",
                "parameters": {"AddressPrefix": "10.1", "lambda": {"MemoryMb": 2048}},
                "environment": {"PAGE_SIZE": "20"},
            },
            "prd": {
                "target": "aws_lambda",
                "production": True,
                "parameters": {"AddressPrefix": "10.2", "lambda": {"MemoryMb": 2048}},
                "schedules": {"run": {"command": "digest", "rate": "1 day"}},
            },
        },
    }
    assert "dev, prd: s3_bucket: not needed" in ended.stderr
    assert "dev: environment_variables: API_TOKEN looks like a secret" in ended.stderr
    assert "hunter2" not in text + ended.stderr
    assert '# account = "123456789012"' in text


def test_each_zappa_stage_keeps_its_settings_module(tmp_path: Path):
    (tmp_path / "zappa_settings.toml").write_text(
        '[qa]\naws_region = "eu-west-1"\ndjango_settings = "forum.settings.qa"\n'
        '[prd]\nextends = "qa"\ndjango_settings = "forum.settings.prd"\n'
    )

    init(tmp_path, "--yes")

    stages = load_configuration(tmp_path).stages
    assert {name: stage.own.environment["DJANGO_SETTINGS_MODULE"] for name, stage in stages.items()} == {
        "qa": "forum.settings.qa",
        "prd": "forum.settings.prd",
    }


def test_one_stage_of_zappas_settings_can_be_chosen(tmp_path: Path):
    (tmp_path / "zappa_settings.json").write_text(json.dumps({"dev": {"aws_region": "eu-west-1"}, "qa": {}}))

    assert (
        "--stage uat is not a stage of Zappa's settings; choose from dev, qa"
        in init(tmp_path, "--yes", "--stage", "uat").stderr
    )
    init(tmp_path, "--yes", "--stage", "qa")

    assert list(load_configuration(tmp_path).stages) == ["qa"]


def test_a_stage_of_an_unknown_name_is_protected(tmp_path: Path):
    ended = init(tmp_path, "--yes", "--stage", "blue")

    assert load_configuration(tmp_path).stages["blue"].production
    assert "blue: is protected as production; write production = false if its data may be lost" in ended.stderr


def test_an_invalid_zappa_value_is_refused_with_the_file(tmp_path: Path):
    (tmp_path / "zappa_settings.json").write_text('{"dev": {"memory_size": "big"}}')

    ended = init(tmp_path, "--yes")

    assert ended.stderr.startswith(
        f"webapp init: {tmp_path}/zappa_settings.json: dev: memory_size = 'big' is not a whole number"
    )


def test_a_page_with_any_characters_is_read_back(tmp_path: Path):
    init(tmp_path, "--yes", "--page", "/😀")

    assert load_configuration(tmp_path).page == "/😀"


def test_an_option_that_is_not_utf_8_is_refused(tmp_path: Path):
    ended = init(tmp_path, "--yes", "--page", "/\udcff")

    assert ended.returncode == 2
    assert "ends with bytes that are not UTF-8" in ended.stderr
    assert not (tmp_path / "webapp.toml").exists()


def test_the_folders_name_becomes_a_valid_project_name(tmp_path: Path):
    directory = tmp_path / "My_App"
    directory.mkdir()

    init(directory, "--yes")

    assert load_configuration(directory).project == "my-app"


def test_an_invalid_zappa_file_is_refused(tmp_path: Path):
    (tmp_path / "zappa_settings.json").write_text('["dev"]')

    ended = init(tmp_path, "--yes")

    assert ended.returncode == 2
    assert "has no table for each stage" in ended.stderr
