"""scripts/compare_ast.py: texts and stated renames are not differences; everything else is."""

import pytest

from tests.unit.scripts.tree import Tree

pytestmark = pytest.mark.needs("git")

BEFORE = '''"""A module."""

from os import path, sep


class Login:
    """A login."""

    def show(self, name):
        # A comment.
        return f"{name:>9} at {sep}", b"bytes", self.show("text")
'''


def compare(tree: Tree, before: str, now: str, renames: str = "") -> tuple[int, list[str]]:
    """Compare src/a.py before and now; return the exit code and all lines except the last."""
    tree.write("src/a.py", before)
    tree.write("tests/b.py", "")
    tree.commit()
    tree.write("src/a.py", now)
    tree.write("renames.txt", renames)
    code, output, errors = tree.run("compare_ast.py", "HEAD", "--renames", str(tree.root / "renames.txt"))
    assert errors == ""
    return code, output.splitlines()[:-1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A login."""', '"""The name and the password of a user."""'),
        ('    """A login."""\n', ""),
        ("# A comment.", "# Another\n        # comment."),
        ('b"bytes"', 'b"others"'),
        ('"text"', '"other " "words"'),
        ('"text"', 'f"text"'),
        ("{name:>9} at {sep}", "at {sep}: {name:>9}"),
        ("from os import path, sep", "from os import sep\nfrom os import path"),
    ],
)
def test_texts_are_not_compared(tree, old, new):
    assert old in BEFORE
    assert compare(tree, BEFORE, BEFORE.replace(old, new)) == (0, [])


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("{sep}", "{path}", "src/a.py:11: {sep} is gone from the f-string"),
        (":>9", ":>8", "src/a.py:11: {name} is gone from the f-string"),
        (' at {sep}"', '"', "src/a.py:11: {sep} is gone from the f-string"),
        ('b"bytes"', '"bytes"', "src/a.py:11: b'' is now ''"),
        ('"text"', "None", "src/a.py:11: '' is now None"),
        ("path, sep", "path as p, sep", "src/a.py:3: the import of os.path is gone"),
        ("self.show(", "self.tell(", "src/a.py:11: show is now tell; state show = tell if it is meant"),
        ("        return", "        print(name)\n        return", "src/a.py:11: 1 of body are now 2"),
        ("self, name)", "self, name=1)", "src/a.py:9: 0 of defaults are now 1"),
    ],
)
def test_code_is_a_difference(tree, old, new, line):
    assert old in BEFORE
    code, lines = compare(tree, BEFORE, BEFORE.replace(old, new))

    assert (code, lines[0]) == (1, line)


def test_a_stated_rename_is_not_a_difference(tree):
    now = BEFORE.replace("Login", "WebLogin").replace("name", "user")

    assert compare(tree, BEFORE, now, "Login = WebLogin  # a homonym\n\nname = user\n") == (0, [])


def test_only_the_first_differences_of_a_file_are_shown(tree):
    code, lines = compare(tree, "a, b, c, d, e", "v, w, x, y, z")

    assert code == 1
    assert lines[2:] == ["src/a.py:1: c is now x; state c = x if it is meant", "src/a.py: 2 more"]


def test_lines_after_an_added_line_are_not_compared(tree):
    assert compare(tree, "a = 1\nb = 2\nc = 3\n", "a = 1\nx = 0\nb = 2\nc = 3\n") == (
        1,
        [
            "src/a.py:1: 3 of body are now 4",
            "src/a.py:2: b is now x; state b = x if it is meant",
            "src/a.py:2: 2 is now 0",
        ],
    )


def test_two_revisions_are_compared(tree):
    compare(tree, "a = 1", "a = 2")
    tree.commit()
    tree.write("src/a.py", "a = 3")

    outcomes = [tree.run("compare_ast.py", *revisions)[:2] for revisions in (("HEAD~1", "HEAD"), ("HEAD", "HEAD"))]

    assert outcomes == [
        (1, "src/a.py:1: 1 is now 2\n2 files at HEAD~1: 1 file differs\n"),
        (0, "2 files at HEAD: the AST is the same\n"),
    ]


MOVED = {
    "src/library/old/loading.py": "def load(): ...\n",
    "src/library/use.py": "import re\nfrom library.old import loading\nfrom library.old.loading import load\nloading\n",
    "tests/old/test_a.py": "import library.old.loading\n",
}
MOVED_NOW = {
    "src/library/new/reader.py": "def load(): ...\n",
    "src/library/use.py": "from library.new import reader\nfrom library.new.reader import load\nimport re\nreader\n",
    "tests/new/test_a.py": "import library.new.reader\n",
}


def test_moved_modules_are_matched(tree):
    for name, text in MOVED.items():
        tree.write(name, text)
    tree.commit()
    for name, text in MOVED_NOW.items():
        tree.write(name, text)
        if name not in MOVED:
            (tree.root / name.replace("/new/", "/old/").replace("reader", "loading")).unlink()
    stated = ["library.old.loading = library.new.reader", "tests.old = tests.new"]

    outcomes = []
    for renames in (stated, stated[:1]):
        tree.write("renames.txt", "\n".join(renames))
        code, output, _ = tree.run("compare_ast.py", "HEAD", "--renames", str(tree.root / "renames.txt"))
        outcomes.append((code, output.splitlines()))

    assert outcomes == [
        (0, ["3 files at HEAD: the AST is the same"]),
        (
            1,
            [
                "tests/new/test_a.py:0: is new; if it moved, state its old dotted path = tests.new.test_a",
                "tests/old/test_a.py:0: is gone; if it moved, state tests.old.test_a = its new dotted path",
                "3 files at HEAD: 2 files differ",
            ],
        ),
    ]


def test_a_line_that_is_not_a_rename_is_refused(tree):
    tree.write("renames.txt", "a = b\na -> b\n")

    code, _, errors = tree.run("compare_ast.py", "HEAD", "--renames", str(tree.root / "renames.txt"))

    assert code == 2
    assert "line 2: 'a -> b' is not a rename; write old = new, with names or dotted paths" in errors


def test_an_unknown_revision_is_refused(tree):
    tree.write("src/a.py", "")
    tree.write("tests/a.py", "")
    tree.commit()

    code, _, errors = tree.run("compare_ast.py", "no-such-revision")

    assert code == 2
    assert "no-such-revision: " in errors
    assert "name a commit that has src and tests" in errors
