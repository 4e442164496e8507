"""TOML files that cannot be read, and unknown keys."""

import re
from pathlib import Path

import pytest

from django_runtimes.cli.text_files.toml_file import known_key, read_toml
from django_runtimes.cli.tool_error import UsageError


def test_a_file_is_read(tmp_path: Path):
    (tmp_path / "webapp.toml").write_text('project = "café"\n', encoding="utf-8")

    assert read_toml(tmp_path / "webapp.toml", remedy="write it") == {"project": "café"}


def test_the_error_for_a_missing_file_gives_the_remedy(tmp_path: Path):
    path = tmp_path / "webapp.toml"

    with pytest.raises(UsageError, match=re.escape(f"{path} cannot be read (No such file or directory); write it")):
        read_toml(path, remedy="write it")


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path):
    (tmp_path / "webapp.toml").write_bytes(b"project = \n")

    with pytest.raises(UsageError, match=r"webapp\.toml is not TOML: .*; fix it there"):
        read_toml(tmp_path / "webapp.toml", remedy="write it")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"project = 1\nname = 'caf\xe9'\n", "has the byte 0xe9 in line 2, which is not UTF-8"),
        ("project = 1\n".encode("utf-8-sig"), "begins with a byte order mark"),
        ("project = 1\n".encode("utf-16"), "is UTF-16"),
        ("project = 1\n".encode("utf-16-le"), "has a NUL byte in line 1, as UTF-16 has"),
        ("project = 1\n".encode("utf-32"), "is UTF-32"),
    ],
)
def test_a_file_in_another_encoding_is_refused(tmp_path: Path, content: bytes, complaint: str):
    path = tmp_path / "webapp.toml"
    path.write_bytes(content)

    remedy = "TOML is UTF-8 without a byte order mark, so save it in that encoding"
    with pytest.raises(UsageError, match="^" + re.escape(f"{path} {complaint}; {remedy}") + "$"):
        read_toml(path, remedy="write it")


def test_the_nearest_key_is_suggested():
    assert known_key("regoin", ["project", "region"]) == "did you mean 'region'?"
    assert known_key("xyz", ["project", "region"]) == "choose one of: project, region"
