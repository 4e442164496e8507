"""`webapp init` in the example projects, whose databases were there before."""

from difflib import ndiff

import pytest

from tests.integration.projects.example import Example

BEFORE = {
    "stock": {"config/settings.py": 3, "requirements.txt": 1},
    "gallery": {"config/settings/production.py": 3, "pyproject.toml": 5},
}


@pytest.mark.parametrize("name", BEFORE)
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

    assert changed.keys() == BEFORE[name].keys()
    assert all(changed[path] <= most for path, most in BEFORE[name].items())


def test_undo_restores_every_byte(tmp_path):
    example = Example.copied("stock", tmp_path, database_url="", variables={})
    before = example.files()
    example.webapp("init", "--yes")

    example.webapp("init", "--undo", "--yes")

    assert example.files() == before


@pytest.mark.parametrize("runtime", ["local", "aws_ecs", "aws_lambda"])
def test_a_database_from_before_needs_no_migration(example, runtime):
    example.webapp("migrate", "--check", runtime=runtime)

    assert "No changes detected" in example.webapp("makemigrations", "--check", "--dry-run", runtime=runtime)


@pytest.mark.parametrize("runtime", ["aws_ecs", "aws_lambda"])
def test_the_check_finds_nothing_wrong(example, runtime):
    example.webapp("check", runtime=runtime)


def test_what_changes_is_explained(stock):
    told = stock.webapp("check", "--explain", runtime="aws_ecs")

    assert "DATABASES" in told
    assert "TIME_ZONE" not in told
    assert "LOGGING" not in told
