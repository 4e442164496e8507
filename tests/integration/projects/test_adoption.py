"""`webapp init` in the example projects, whose databases existed before."""

from difflib import ndiff

import pytest

from tests.integration.project_files.projects import tree
from tests.integration.projects.example import NAMES, Example

MAX_ADDED_LINES = {
    "stock": {"config/settings.py": 3, "requirements.txt": 1},
    "gallery": {"config/settings/production.py": 3, "pyproject.toml": 5},
}


@pytest.mark.parametrize("name", NAMES)
def test_existing_files_get_few_lines_and_lose_none(name, tmp_path, request):
    example = request.getfixturevalue(name)
    untouched = Example.copied(name, tmp_path, database_url="", variables={})
    changed = {}
    for path, content in untouched.files().items():
        now = example.files()[path]
        if now != content:
            compared = list(ndiff(content.decode().splitlines(), now.decode().splitlines()))
            assert not [line for line in compared if line.startswith(("-", "?"))]
            changed[path] = sum(line.startswith("+") for line in compared)

    assert changed.keys() == MAX_ADDED_LINES[name].keys()
    assert all(changed[path] <= most for path, most in MAX_ADDED_LINES[name].items())


@pytest.mark.parametrize("name", NAMES)
def test_undo_restores_every_byte_of_an_example(name, tmp_path):
    example = Example.copied(name, tmp_path, database_url="", variables={})
    before = tree(example.folder)
    example.webapp("init", "--yes")
    assert tree(example.folder) != before

    example.webapp("init", "--undo", "--yes")

    assert tree(example.folder) == before


@pytest.mark.parametrize("runtime", ["local", "aws_ecs", "aws_lambda"])
def test_an_existing_database_needs_no_migration(example, runtime):
    example.webapp("migrate", "--check", runtime=runtime)

    assert "No changes detected" in example.webapp("makemigrations", "--check", "--dry-run", runtime=runtime)


@pytest.mark.parametrize("runtime", ["aws_ecs", "aws_lambda"])
def test_the_check_finds_nothing_wrong(example, runtime):
    example.webapp("check", runtime=runtime)


def test_explain_lists_only_the_changed_settings(stock):
    output = stock.webapp("check", "--explain", runtime="aws_ecs")

    assert "DATABASES" in output
    assert "TIME_ZONE" not in output
    assert "LOGGING" not in output
