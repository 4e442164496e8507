"""`webapp docs`: prints a page of the documentation, which the wheel contains."""

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_USAGE

# The folder's name at the top level of the repository and, in the wheel, in this library.
_FOLDER = "docs"
# Records of decisions are for people who change the library, so the list leaves them out.
_RECORDS = "decisions/"


def main(arguments: Sequence[str]) -> int:
    """Print a page, or the list of pages; return 2 if there is none."""
    options = _parser().parse_args(arguments)
    pages = documentation_pages()
    if not pages:
        sys.stderr.write("webapp docs is not part of this image; run it where the project is developed\n")
        return EXIT_USAGE
    if options.page is None:
        sys.stdout.write(_list(pages))
        return EXIT_DONE
    name = options.page.removeprefix(f"{_FOLDER}/").removesuffix(".md")
    if name not in pages:
        nearest = difflib.get_close_matches(name, pages, n=1)
        remedy = f"did you mean {nearest[0]!r}?" if nearest else "run `webapp docs` for the list"
        sys.stderr.write(f"webapp docs: {options.page!r} is not a page; {remedy}\n")
        return EXIT_USAGE
    sys.stdout.write(pages[name].read_text(encoding="utf-8"))
    return EXIT_DONE


def documentation_pages() -> Mapping[str, Path]:
    """Return the pages by their names, such as "settings": those of the wheel, or of an editable installation."""
    package = Path(str(resources.files("django_runtimes")))
    folders = (package / _FOLDER, package.parents[1] / _FOLDER)
    folder = next((folder for folder in folders if (folder / "settings.md").is_file()), folders[0])
    paths = sorted(folder.rglob("*.md"))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in paths}


def _list(pages: Mapping[str, Path]) -> str:
    listed = {name: path for name, path in pages.items() if not name.startswith(_RECORDS)}
    width = max(map(len, listed))
    lines = [f"{name:<{width}}  {_title(path)}" for name, path in listed.items()]
    return "\n".join([*lines, ""])


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp docs",
        description="Print a page of the documentation as Markdown. A link such as database.md in a page is the page "
        "`database`.",
        epilog="Exit codes: 0 done; 2 invalid arguments.",
    )
    parser.add_argument("page", nargs="?", metavar="PAGE", help="the page's name (default: list all pages)")
    return parser
