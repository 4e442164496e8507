"""Zappa's settings in each file format that Zappa reads."""

import json
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.zappa.zappa_file import ZAPPA_FILES, find_zappa_file, read_zappa_file

CONTENTS = {
    "zappa_settings.json": json.dumps({"dev": {"project_name": "shop", "memory_size": 1024}}),
    "zappa_settings.toml": '[dev]\nproject_name = "shop"\nmemory_size = 1024\n',
    "zappa_settings.yml": "dev:\n  project_name: shop\n  memory_size: 1024\n",
    "zappa_settings.yaml": "dev:\n    project_name: shop\n    memory_size: 1024\n",
}


@pytest.mark.parametrize("name", ZAPPA_FILES)
def test_each_format_gives_the_same_settings(tmp_path: Path, name: str):
    (tmp_path / name).write_text(CONTENTS[name])

    taken = read_zappa_file(tmp_path / name)

    assert find_zappa_file(tmp_path) == tmp_path / name
    assert taken.project == "shop"
    assert taken.stages == {"dev": {"parameters": {"lambda": {"MemoryMb": 1024, "WarmUp": "yes"}}}}


def test_json_is_preferred_as_in_zappa(tmp_path: Path):
    for name, content in CONTENTS.items():
        (tmp_path / name).write_text(content)

    assert find_zappa_file(tmp_path) == tmp_path / "zappa_settings.json"


def test_a_folder_without_zappas_settings_gives_none(tmp_path: Path):
    # Zappa writes this file into its archive and never reads it as settings.
    (tmp_path / "zappa_settings.py").touch()

    assert find_zappa_file(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("zappa_settings.json", "{", "cannot be read: Expecting property name"),
        ("zappa_settings.yml", "dev: [", "cannot be read: while parsing a flow node"),
        ("zappa_settings.toml", "[dev", "is not TOML: Expected ']'"),
        (
            "zappa_settings.yml",
            "dev",
            "is not a Zappa settings file: it has no table for each stage; name another file with --zappa",
        ),
        ("zappa_settings.json", '["dev"]', "is not a Zappa settings file: it has no table for each stage"),
        ("zappa_settings.json", "{}", "is not a Zappa settings file: it has no table for each stage"),
        ("zappa_settings.json", '{"dev": 1}', "is not a Zappa settings file: it has no table for each stage"),
        ("zappa_settings.yml", "dev: {memory_size: big}", "dev: memory_size = 'big' is not a whole number"),
    ],
)
def test_a_file_that_is_not_zappas_is_refused(tmp_path: Path, name: str, content: str, expected: str):
    (tmp_path / name).write_text(content)

    with pytest.raises(UsageError) as raised:
        read_zappa_file(tmp_path / name)

    assert str(raised.value).startswith(str(tmp_path / name))
    assert expected in str(raised.value)
