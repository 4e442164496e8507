"""scripts/check_prose.py: each rule fails on its bad example and passes its good one."""

import pytest

from tests.unit.scripts.tree import Tree

# An underscore stands for each space here, and @ for a word below, so that the check does not find its own examples.
BANNED = (
    *("mend", "mends", "mended", "mending", "Mend", "anew", "whoever", "Whosoever", "nobody_who", "meanwhile"),
    *("in_the_meantime", "to_be_had", "cannot_be_had", "was_had", "by_turns", "that_of", "THAT_OF"),
    *("for_what_no_front_sends", "of_what_it_wraps", "by_what_SQL_says"),
)
ALLOWED = (
    *("amend", "recommended", "commend", "mend_it()", "x.mend", "path/mend.py", "renewed", "by turning", "that offer"),
    *("what it is", "of what kind it is", "with what to begin", "for what is this?", "by whatever name", "had been"),
)
COMMENT = "# A comment @.\n".replace("@", "anew")


def found(tree: Tree, *arguments: str) -> list[str]:
    """Return the place of each finding as path:line."""
    code, output, _ = tree.run("check_prose.py", *arguments)
    assert code == int(bool(output))
    return [":".join(line.split(":")[:2]) for line in output.splitlines()]


@pytest.fixture
def findings(tree: Tree):
    """The findings in the whole tree."""
    return lambda: found(tree)


def test_banned_words_are_found(tree, findings):
    words = [word.replace("_", " ") for word in BANNED]
    tree.write("docs/words.md", "".join(f"Text {word} here.\n\n" for word in words))

    assert findings() == [f"docs/words.md:{number * 2 + 1}" for number in range(len(words))]


def test_other_words_and_names_in_code_are_not_found(tree, findings):
    tree.write("docs/words.md", "".join(f"Text {word} here.\n\n" for word in ALLOWED))

    assert findings() == []


def test_a_finding_states_the_value_and_the_remedy(tree):
    tree.write("README.md", "A team does it\n@.\n".replace("@", "anew"))

    code, output, _ = tree.run("check_prose.py")

    assert code == 1
    assert output.replace("anew", "@") == "README.md:2: '@' is out (@); say again, or use a verb in re-\n"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("src/a.py", '"""Text.\n\nIt is done @.\n"""\n', 3),
        ("src/a.py", "def f():\n    # One that\n    # of two.\n    pass\n", 2),
        ("src/a.py", "x = 1  # @, noqa\n", 1),
        ("src/a.py", 'raise ValueError(\n    "it is"\n    " done @"\n)\n', 2),
        ("src/a.py", 'x = f"{a} by {b} @"\n', 1),
        ("tests/a.py", "x = f'{\"done @\"}'\n", 1),
        ("tests/a.py", "def test_one_that_of_two(): ...\n", 1),
        ("docs/a.md", "Text.\n\n```\nrun @\n```\n", 4),
        ("docs/a.md", "- one\n- @\n", 2),
        ("deploy/x/template.yaml", "Parameters:\n  A:\n    Description: >-\n      Starts\n      @\n", 5),
        ("deploy/x/template.yaml", "A: 1 # @\n", 1),
        ("scripts/a.sh", "# One that\n# of two\n", 1),
        ("scripts/a.sh", 'echo "@"\n', 1),
        ("Makefile", "x:  ## Build @\n", 1),
        (".ci/run", "# One @\n", 1),
        ("src/a.html", "<p>@</p>\n", 1),
    ],
)
def test_words_are_found_in_every_kind_of_text(tree, findings, name, text, line):
    tree.write(name, text.replace("@", "anew"))

    assert findings() == [f"{name}:{line}"]


def test_names_and_single_words_of_code_are_not_checked(tree, findings):
    tree.write("src/a.py", "def @(x):\n    return x['@']\n".replace("@", "anew"))

    assert findings() == []


@pytest.mark.parametrize(("words", "lines"), [(35, []), (36, ["src/a.py:3"])])
def test_a_sentence_above_35_words_in_a_docstring_is_found(tree, findings, words, lines):
    tree.write("src/a.py", f'"""A short one.\n\n{"Word " * (words - 1)}end. Another one.\n"""\n')

    assert findings() == lines


def test_code_is_not_counted_and_list_items_end_a_sentence(tree, findings):
    tree.write("src/a.py", f'"""A `{"word " * 40}`.\n\n- {"a " * 30}\n- {"b " * 30}\n"""\n')

    assert findings() == []


@pytest.mark.parametrize(("characters", "lines"), [(70, []), (71, ["tests/a.py:2"])])
def test_a_test_name_above_70_characters_is_found(tree, findings, characters, lines):
    tree.write("tests/a.py", f"class A:\n    async def {'test_'.ljust(characters, 'x')}(self): ...\n")

    assert findings() == lines


def test_the_whole_tree_is_checked_without_a_path(tree):
    tree.write("src/one/a.py", COMMENT)
    tree.write("src/other/a.py", COMMENT)

    assert found(tree) == ["src/one/a.py:1", "src/other/a.py:1"]
    assert found(tree, "src/other") == ["src/other/a.py:1"]


def test_a_path_that_is_gone_is_an_error(tree):
    code, _, errors = tree.run("check_prose.py", "src/gone")

    assert code == 2
    assert errors == "src/gone: does not exist; correct the path\n"


def test_statistics_count_by_rule_and_package(tree):
    tree.write("src/library/outages/a.py", COMMENT * 2)
    tree.write("tests/unit/a.py", f"def test_{'x' * 80}(): ...\n")

    code, output, _ = tree.run("check_prose.py", "--statistics")

    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in output.splitlines()]
    table = [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]
    assert code == 0
    assert [(row["package"], row["anew"], row["test name"], row["all"]) for row in table] == [
        ("src/library/outages", "2", "0", "2"),
        ("tests/unit", "0", "1", "1"),
        ("all", "2", "1", "3"),
    ]
