"""Messages name pages that an installed wheel contains, by the command that prints them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.cli.documentation import documentation_pages, main
from tests.unit.documents.pages import ROOT

LIBRARY = ROOT / "src/django_runtimes"
# The command that prints the pages.
_PRINTER = "cli/documentation.py"
_FILE = re.compile(r"(?<![./])\bdocs/[\w-]+|(?<![\w.-])(?!report|decision|README|CHANGELOG)[\w-]+\.md\b")
_COMMAND = re.compile(r"`webapp docs ([a-z][\w/-]*)`")


def literals(path: Path) -> Iterator[str]:
    """Yield the texts of a module that are not docstrings."""
    tree = ast.parse(path.read_text())
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
            yield node.value


def texts() -> dict[str, str]:
    """Return everything that a user of the wheel may see, by its file."""
    modules = {
        path.relative_to(ROOT).as_posix(): "\n".join(literals(path))
        for path in LIBRARY.rglob("*.py")
        if path.relative_to(LIBRARY).as_posix() != _PRINTER
    }
    others = [
        path
        for folder in (LIBRARY, ROOT / "deploy")
        for path in folder.rglob("*")
        if path.suffix in {".html", ".json", ".md", ".toml", ".txt", ".yaml"}
    ]
    return modules | {path.relative_to(ROOT).as_posix(): path.read_text() for path in others}


def test_no_message_names_a_file_of_this_repository():
    found = {name: _FILE.findall(text) for name, text in texts().items()}

    assert "src/django_runtimes/cli/main.py" in found
    assert "deploy/lambda/README.md" in found
    assert {name: files for name, files in found.items() if files} == {}


def test_every_named_page_exists():
    named = {page for text in texts().values() for page in _COMMAND.findall(text)}

    assert {"settings", "deploy", "workload"} <= named <= documentation_pages().keys()


def test_no_link_leaves_the_folder_of_the_templates():
    templates = ROOT / "deploy"

    left = [
        (page.relative_to(ROOT).as_posix(), target)
        for page in templates.rglob("*.md")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).resolve().is_relative_to(templates)
    ]

    assert left == []


@pytest.mark.parametrize("name", ["settings", "settings.md", "docs/settings.md"])
def test_a_page_is_printed(name, capsys):
    assert main([name]) == 0

    assert capsys.readouterr().out == (ROOT / "docs/settings.md").read_text()


def test_a_record_of_a_decision_is_printed(capsys):
    assert main(["decisions/0019-configure"]) == 0

    assert capsys.readouterr().out.startswith("# `configure(globals())` merges decisions")


def test_the_list_names_every_page_with_its_title(capsys):
    assert main([]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
    assert "compare             Comparing runtimes" in lines


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("setings", "'setings' is not a page; did you mean 'settings'?"),
        ("../README", "'../README' is not a page; run `webapp docs` for the list"),
    ],
)
def test_an_unknown_page_is_an_error_in_one_line(name, error, capsys):
    assert main([name]) == 2

    assert capsys.readouterr().err == f"webapp docs: {error}\n"


def test_an_image_without_the_pages_refuses_the_command(monkeypatch, capsys):
    monkeypatch.setattr("django_runtimes.cli.documentation.documentation_pages", dict)

    assert main(["settings"]) == 2

    assert capsys.readouterr().err == ("webapp docs is not part of this image; run it where the project is developed\n")
