"""TOML files that cannot be read, and unknown keys."""

import re
from pathlib import Path

import pytest

from django_runtimes.cli.toml_file import known_key, read_toml
from django_runtimes.cli.tool_error import UsageError


def test_a_file_is_read(tmp_path: Path):
    (tmp_path / "webapp.toml").write_text('project = "café"\n', encoding="utf-8")

    assert read_toml(tmp_path / "webapp.toml", remedy="write it") == {"project": "café"}


def test_the_error_for_a_missing_file_gives_the_remedy(tmp_path: Path):
    path = tmp_path / "webapp.toml"

    with pytest.raises(UsageError, match=re.escape(f"{path} cannot be read (No such file or directory); write it")):
        read_toml(path, remedy="write it")


@pytest.mark.parametrize("content", [b"project = \n", b"project = '\xff'\n"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "webapp.toml").write_bytes(content)

    with pytest.raises(UsageError, match=r"webapp\.toml is not TOML: .*; fix it there"):
        read_toml(tmp_path / "webapp.toml", remedy="write it")


def test_the_nearest_key_is_suggested():
    assert known_key("regoin", ["project", "region"]) == "did you mean 'region'?"
    assert known_key("xyz", ["project", "region"]) == "choose one of: project, region"
