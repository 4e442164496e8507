"""Compares the ASTs of src and tests at two revisions, ignoring texts and stated renames.

Run scripts/compare_ast.py REV [NOW] [--renames FILE]. The comparison ignores strings, bytes, docstrings, comments, the
order of imports and the order of an f-string's expressions, which may change with the sentence.
"""

import argparse
import ast
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from ast_difference import differences
from ast_renames import Renames, read_renames

_FOLDERS = ("src", "tests")


def main(arguments: list[str]) -> int:
    """Print the first differences of each file; return 1 if there are any, 2 for invalid arguments."""
    parser = argparse.ArgumentParser(description="Compare the ASTs of src and tests at two revisions.")
    parser.add_argument("revision", metavar="REV", help="the old revision")
    parser.add_argument("now", metavar="NOW", nargs="?", help="the new revision (default: the working tree)")
    parser.add_argument("--renames", type=Path, metavar="FILE", help="lines of old = new, for names or dotted modules")
    parser.add_argument("--first", type=int, default=3, metavar="N", help="differences to show per file (default: 3)")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the root of the tree")
    options = parser.parse_args(arguments)
    try:
        renames = read_renames(options.renames.read_text(encoding="utf-8") if options.renames else "")
        before = dict(_files_at(options.root, options.revision))
        now = dict(_files_at(options.root, options.now) if options.now else _files_now(options.root))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    found = 0
    for path, lines in _compare(before, now, renames):
        found += 1
        sys.stdout.writelines(f"{path}:{line}\n" for line in lines[: options.first])
        if len(lines) > options.first:
            sys.stdout.write(f"{path}: {len(lines) - options.first} more\n")
    verdict = f"{found} file{' differs' if found == 1 else 's differ'}" if found else "the AST is the same"
    sys.stdout.write(f"{len(before)} files at {options.revision}: {verdict}\n")
    return int(bool(found))


def _compare(before: dict[str, str], now: dict[str, str], renames: Renames) -> Iterator[tuple[str, list[str]]]:
    expected = {_moved(path, renames): path for path in before}
    for path in sorted(expected.keys() | now.keys()):
        if path not in now:
            yield expected[path], [f"0: is gone; if it moved, state {_dotted(expected[path])} = its new dotted path"]
        elif path not in expected:
            yield path, ["0: is new; if it moved, state its old dotted path = " + _dotted(path)]
        else:
            old, new = ast.parse(before[expected[path]], expected[path]), ast.parse(now[path], path)
            if lines := list(differences(old, new, renames)):
                yield path, lines


def _files_at(root: Path, revision: str) -> Iterator[tuple[str, str]]:
    command = ["git", "-C", str(root), "archive", "--format=tar", revision, "--", *_FOLDERS]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        raise ValueError(f"{revision}: {archive.stderr.decode().strip()}; name a commit that has src and tests")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        for member in files:
            if member.name.endswith(".py") and (content := files.extractfile(member)):
                yield member.name, content.read().decode()


def _files_now(root: Path) -> Iterator[tuple[str, str]]:
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_FOLDERS]
    for name in subprocess.run(listed, capture_output=True, check=True, text=True).stdout.split("\0"):
        if name.endswith(".py") and (root / name).is_file():
            yield name, (root / name).read_text(encoding="utf-8")


def _dotted(path: str) -> str:
    return path.removeprefix("src/").removesuffix(".py").replace("/", ".")


def _moved(path: str, renames: Renames) -> str:
    # Dotted paths omit `src` but include `tests`.
    top = "src/" if path.startswith("src/") else ""
    return f"{top}{renames.move(_dotted(path)).replace('.', '/')}.py"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
