"""Encodings and continued lines of requirements files, compared with pip's own parser."""

import re
from pathlib import Path

import pytest
from pip._internal.req.req_file import parse_requirements

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.requirement_files import read_requirements
from django_runtimes.project_files.dependencies.requirement_text import with_line, with_text

UTF_16 = "Django>=5.2\r\nhttpx\r\n".encode("utf-16")
LATIN_1 = "# -*- coding: latin-1 -*-\n# café\nDjango>=5.2\nhttpx\n".encode("latin-1")


def names_by_pip(path: Path) -> list[str]:
    # Only addresses need a session, and making one warns under old versions of pip.
    return [parsed.requirement for parsed in parse_requirements(str(path), session=None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_names_the_encoding(tmp_path: Path, encoding: str):
    path = tmp_path / "requirements.txt"
    path.write_bytes("Django>=5.2\nhttpx  # café\n".encode(encoding))

    assert [str(need) for need in read_requirements(path).requirements] == ["Django>=5.2", "httpx"]
    assert names_by_pip(path) == ["Django>=5.2", "httpx"]


def test_a_comment_names_the_encoding(tmp_path: Path):
    path = tmp_path / "requirements.txt"
    path.write_bytes(LATIN_1)

    assert [need.name for need in read_requirements(path).requirements] == ["Django", "httpx"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"Django\n# caf\xe9\n", "has the byte 0xe9 in line 2, which is not UTF-8"),
        ("Django\n".encode("utf-32"), "is UTF-32"),
        ("Django\n".encode("utf-16-le"), "has a NUL byte in line 1, as UTF-16 has"),
    ],
)
def test_another_encoding_is_refused(tmp_path: Path, content: bytes, complaint: str):
    path = tmp_path / "requirements.txt"
    path.write_bytes(content)

    remedy = "save it as UTF-8, or name its encoding in its first line, such as # -*- coding: latin-1 -*-"
    text = f"{path} {complaint}, so pip in the image cannot read it; {remedy}"
    with pytest.raises(UsageError, match="^" + re.escape(text) + "$"):
        read_requirements(path)


def test_an_unknown_encoding_is_refused(tmp_path: Path):
    path = tmp_path / "requirements.txt"
    path.write_bytes(b"# coding: latin-one\nDjango\n")

    with pytest.raises(UsageError, match="names the encoding 'latin-one', which Python does not know; save it as"):
        read_requirements(path)


@pytest.mark.parametrize("content", [UTF_16, LATIN_1, UTF_16.removesuffix("\r\n".encode("utf-16-le"))])
def test_an_added_line_has_the_encoding_of_the_file(tmp_path: Path, content: bytes):
    path = tmp_path / "requirements.txt"
    path.write_bytes(with_line(content, "whitenoise"))

    assert path.read_bytes().startswith(content)
    assert names_by_pip(path) == ["Django>=5.2", "httpx", "whitenoise"]


@pytest.mark.parametrize("end", ["\\", "\\\n", "\\\r\n"])
def test_an_added_line_does_not_continue_the_last_line(tmp_path: Path, end: str):
    content = f"Django>=5.2\nhttpx {end}".encode()
    path = tmp_path / "requirements.txt"
    path.write_bytes(with_line(content, "whitenoise"))

    assert path.read_bytes().startswith(content)
    assert names_by_pip(path) == ["Django>=5.2", "httpx", "whitenoise"]
    assert [need.name for need in read_requirements(path).requirements] == ["Django", "httpx", "whitenoise"]


@pytest.mark.parametrize(
    "text",
    [
        "Django \\\n>=5.2\nhttpx\n",
        "# a folder: C:\\\nDjango>=5.2\nhttpx\n",
        "httpx \\\n# a comment\nDjango>=5.2\n",
        "httpx\nDjango>=5.2 \\",
    ],
)
def test_lines_are_joined_as_pip_joins_them(tmp_path: Path, text: str):
    path = tmp_path / "requirements.txt"
    path.write_text(text)

    found = sorted(str(need) for need in read_requirements(path).requirements)

    assert found == ["Django>=5.2", "httpx"] == sorted(name.replace(" ", "") for name in names_by_pip(path))


def test_bytes_that_are_not_text_are_kept():
    assert with_text(b"FROM a # caf\xe9\n", lambda text: text.replace("a #", "b #")) == b"FROM b # caf\xe9\n"
