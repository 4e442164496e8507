"""No text tells a reader to install this project by a name that another package may have on an index."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.documents.pages import ROOT, files

_OWN = {tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"], "webapp"}
_COMMAND = re.compile(r"\b(?:pipx?|uvx?|poetry|pdm|conda)(?: pip)? (?:install|add|run)\b([^\n`]*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?")
_EXTRA = re.compile(rf"\b({'|'.join(map(re.escape, sorted(_OWN)))})\[(?:[a-z]+,?)+\]")
_SUFFIXES = (".md", ".py", ".sh", ".yaml", ".yml", ".toml", ".html", ".txt", ".in")


def recommended(text: str) -> list[str]:
    """Return each use of this project's names in an install command, or anywhere with an extra."""
    names = [word for (rest) in _COMMAND.findall(text) for word in re.split(r"[\s'\"]+", rest) if _NAME.fullmatch(word)]
    own = [name for name in names if name.partition("[")[0] in _OWN]
    return own + [match[0] for match in _EXTRA.finditer(text) if match[0] not in own]


def test_no_text_recommends_this_projects_name():
    # In pyproject.toml, an extra may list other extras by this name, which an installer resolves to this project.
    # `webapp init` writes the library's name as installed, and its tests contain those lines.
    left_out = (ROOT / "pyproject.toml", Path(__file__), ROOT / "tests/unit/project_files")
    pages = [page for page in files(*_SUFFIXES) if not any(page.is_relative_to(each) for each in left_out)]
    found = {str(page.relative_to(ROOT)): recommended(page.read_text(errors="ignore")) for page in pages}

    assert "src/django_runtimes/cli/main.py" in found
    assert {page: names for page, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    ["pip install 'webapp[deploy]'", "pip install webapp", "uv add django-runtimes", "of webapp[compare]"],
)
def test_this_projects_name_is_detected(text):
    assert len(recommended(text)) == 1


@pytest.mark.parametrize(
    "text", ["pip install '.[deploy]'", "pip install -e .", "pip install sentry-sdk", "webapp compare"]
)
def test_other_names_are_not_reported(text):
    assert recommended(text) == []
