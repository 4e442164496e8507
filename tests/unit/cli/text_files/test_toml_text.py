"""Adding one line to a TOML file."""

import tomllib

import pytest

from django_runtimes.cli.text_files.toml_text import with_array_item, with_block, with_key
from django_runtimes.cli.tool_error import UsageError

ITEM = "django-runtimes>=1"


def added_lines(before: str, after: bytes) -> list[str]:
    old = before.splitlines()
    return [line for line in after.decode().splitlines() if line not in old or old.remove(line)]


@pytest.mark.parametrize(
    "text",
    [
        '[project]\ndependencies = [\n    "django",\n]\n',
        '[project]\ndependencies = [\n    "django"\n]\n',
        '[project]\ndependencies = [\n    "django", # the framework\n    # more\n]\nname = "x"\n',
        '[tool.x]\ndependencies = [\n  "other",\n]\n[project]\ndependencies = [\n\t"django",\n]\n',
        '[project]\r\ndependencies = [\r\n    "django",\r\n]\r\n',
        '[project]\ndependencies = [  # comment\n    "django",\n]',
        "[project]\ndependencies = [\n]\n",
        '[project]\ndependencies = ["django",\n                "httpx"]\n',
        'project.dependencies = [\n    "django[argon2]",\n]\n',
        '[project]\ndescription = """\ndependencies = [\n"""\ndependencies = [\n    "django",\n]\n',
    ],
)
def test_an_array_of_several_lines_gets_one_more_line(text: str):
    after = with_array_item(text.encode(), ("project",), "dependencies", ITEM, name="x")

    assert ITEM in tomllib.loads(after.decode())["project"]["dependencies"]
    assert [line.strip() for line in added_lines(text, after)] == [f'"{ITEM}",']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[project]\ndependencies = []\n", f'[project]\ndependencies = ["{ITEM}"]\n'),
        ('[project]\ndependencies = ["django"]\n', f'[project]\ndependencies = ["django", "{ITEM}"]\n'),
        ('[project]\ndependencies = ["django[a]"] # x\n', f'[project]\ndependencies = ["django[a]", "{ITEM}"] # x\n'),
        ('[project]\ndependencies = ["django",]\n', f'[project]\ndependencies = ["django", "{ITEM}"]\n'),
    ],
)
def test_an_array_on_one_line_stays_on_one_line(text: str, expected: str):
    assert with_array_item(text.encode(), ("project",), "dependencies", ITEM, name="x").decode() == expected


def test_the_error_for_an_array_that_cannot_be_extended_shows_the_item():
    text = '[project]\ndependencies = ["django"\n  , "httpx"]\n'

    with pytest.raises(UsageError, match=r"a\.toml is formatted so .* add it by hand, in dependencies: "):
        with_array_item(text.encode(), ("project",), "dependencies", ITEM, name="a.toml")


@pytest.mark.parametrize(
    "text",
    [
        '[packages]\ndjango = "*"\n\n[dev-packages]\npytest = "*"\n',
        '[packages]\ndjango = "*"\n\n# what tests need\n[dev-packages]\n',
        '[packages]\ndjango = "*"',
        "[packages]\n",
        '[packages]\r\ndjango = "*"\r\n',
        '[ packages ] # all\ndjango = {version = "*"}\n',
    ],
)
def test_a_key_is_added_to_a_table_as_one_line(text: str):
    after = with_key(text.encode(), ("packages",), 'added = "1"', name="x")

    assert tomllib.loads(after.decode())["packages"]["added"] == "1"
    assert added_lines(text, after) == ['added = "1"']


def test_a_block_is_added_at_the_end():
    assert with_block(b"[a]\nb = 1", "[tool.x]\ny = 1\n", name="x") == b"[a]\nb = 1\n\n[tool.x]\ny = 1\n"
    assert with_block(b"[a]\r\n", "[tool.x]\ny = 1\n", name="x") == b"[a]\r\n\r\n[tool.x]\r\ny = 1\r\n"
    assert with_block(None, "[tool.x]\ny = 1\n", name="x") == b"[tool.x]\ny = 1\n"


def test_a_table_below_an_inline_table_is_refused():
    with pytest.raises(UsageError, match="would not be valid with these lines at its end"):
        with_block(b"[tool]\nuv = { sources = {} }\n", "[tool.uv.sources.x]\ny = 1\n", name="x")
