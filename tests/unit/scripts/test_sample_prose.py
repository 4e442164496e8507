"""scripts/sample_prose.py draws a proportional sample, which is the same for the same seed and tree."""

import re
from collections import Counter

import pytest

from tests.unit.scripts.tree import Tree


@pytest.fixture(autouse=True)
def prose(tree: Tree):
    """Forty docstrings, twenty comments, ten messages, ten test names, and ten paragraphs."""
    tree.write("src/docstrings.py", "".join(f'def f{n}():\n    """Return the number {n}."""\n' for n in range(40)))
    tree.write("src/comments.py", "\n\n".join(f"# The comment has number {n}." for n in range(20)))
    tree.write("src/messages.py", "".join(f'x = "the message has {n}"\n' for n in range(10)))
    tree.write("tests/names.py", "".join(f"def test_number_{n}(): ...\n" for n in range(10)))
    tree.write("docs/page.md", "\n\n".join(f"The paragraph has number {n}." for n in range(10)))


def draw(tree: Tree, *arguments: str) -> str:
    code, output, errors = tree.run("sample_prose.py", *arguments)
    assert (code, errors) == (0, "")
    return output


def kinds(output: str) -> Counter[str]:
    return Counter(re.findall(r"^\d+\. ([a-z ]+), `", output, re.MULTILINE))


def test_each_kind_is_drawn_in_proportion(tree):
    output = draw(tree, "--seed", "abc", "--count", "9")

    assert kinds(output) == {"docstring": 4, "comment": 2, "message": 1, "test name": 1, "document": 1}


def test_the_largest_remainders_get_the_rest(tree):
    output = draw(tree, "--seed", "abc", "--count", "8")

    assert kinds(output) == {"docstring": 3, "comment": 2, "message": 1, "test name": 1, "document": 1}


def test_the_same_seed_draws_the_same_sample(tree):
    assert draw(tree, "--seed", "abc", "--count", "9") == draw(tree, "--seed", "abc", "--count", "9")
    assert draw(tree, "--seed", "abc", "--count", "9") != draw(tree, "--seed", "abd", "--count", "9")


def test_a_text_is_shown_whole_with_its_place(tree):
    output = draw(tree, "--seed", "abc", "--count", "90")

    assert "`src/docstrings.py:14`\n   > Return the number 6.\n" in output
    assert re.findall(r"^(\d+)\. ", output, re.MULTILINE) == [str(number) for number in range(1, 91)]


def test_strings_of_tests_sql_and_short_texts_are_left_out(tree):
    tree.write("tests/strings.py", 'x = "the text of a test"  # two words\n')
    tree.write("src/strings.py", 'x = ("SELECT one from the table", "text/plain; charset=utf-8")\n')

    assert "/strings.py" not in draw(tree, "--seed", "abc", "--count", "90")


@pytest.mark.parametrize("count", ["0", "91"])
def test_a_count_beyond_the_tree_is_refused(tree, count):
    code, _, errors = tree.run("sample_prose.py", "--seed", "abc", "--count", count)

    assert code == 2
    assert f"--count {count} is not between 1 and the 90 texts here" in errors
