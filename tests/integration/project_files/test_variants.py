"""Projects of every kind, each written in several ways, are restored to the last byte."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from django_runtimes.project_files.adoption import plan_adoption
from django_runtimes.project_files.changes.writing import undo_adoption, write
from django_runtimes.project_files.dependencies.library import Library
from tests.integration.project_files.projects import LAYOUTS, MANAGE, PLAIN, SETTINGS, URLS, make_files, tree

Files = dict[str, bytes]
# Files that are TOML or JSON may not begin with a byte order mark.
WITH_MARK = (".py", ".txt")
IGNORED = ".gitignore"
LISTED = ("no dependencies", "pip", "pip, compiled", "uv", "poetry", "poetry 2", "pipenv")

KINDS: dict[str, dict[str, str | bytes]] = {
    **{
        name: LAYOUTS[name]
        for name in ("no dependencies", "pip", "pip, compiled", "uv", "poetry", "poetry 2", "pipenv")
    },
    "pip, empty": {**PLAIN, "requirements.txt": ""},
    "empty pyproject": {**PLAIN, "pyproject.toml": "", "requirements.txt": "django\n"},
    "nested settings": {
        "manage.py": MANAGE.format(settings="store.config.settings.local"),
        "requirements.txt": "django\n",
        **{f"store/{name}/__init__.py": "" for name in (".", "config", "config/settings")},
        "store/config/urls.py": URLS,
        "store/config/wsgi.py": MANAGE.format(settings="store.config.settings.deployed.production"),
        "store/config/settings/base.py": SETTINGS.replace("shop.urls", "store.config.urls"),
        "store/config/settings/local.py": "from .base import *\nDEBUG = True\n",
        "store/config/settings/deployed/__init__.py": "",
        "store/config/settings/deployed/production.py": "from ..base import *\nDEBUG = False\n",
    },
}


def as_written(files: Files) -> Files:
    return files


def with_windows_newlines(files: Files) -> Files:
    return {name: content.replace(b"\n", b"\r\n") for name, content in files.items()}


def without_last_newlines(files: Files) -> Files:
    return {name: content.rstrip(b"\n") for name, content in files.items()}


def with_byte_order_marks(files: Files) -> Files:
    return {
        name: b"\xef\xbb\xbf" + content if content and name.endswith(WITH_MARK) else content
        for name, content in files.items()
    }


def with_blank_ends(files: Files) -> Files:
    """Add empty lines and a line of blanks to the end of each file."""
    return {name: content + b"\n\n    \n" if content else content for name, content in files.items()}


def all_at_once(files: Files) -> Files:
    return with_byte_order_marks(with_windows_newlines(without_last_newlines(files)))


VARIANTS = (
    as_written,
    with_windows_newlines,
    without_last_newlines,
    with_byte_order_marks,
    with_blank_ends,
    all_at_once,
)


def written(directory: Path, kind: str, variant: Callable[[Files], Files] = as_written) -> Path:
    """Write a project of this kind in this way."""
    texts = KINDS[kind]
    files = {name: content.encode() if isinstance(content, str) else content for name, content in texts.items()}
    return make_files(directory, variant(files))


def adopt(directory: Path, library: Library) -> list[Path]:
    """Adopt the project, and return the changed paths."""
    plan = plan_adoption(directory, library).plan
    write(plan)
    return [change.path for change in plan.changes]


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=owner", "-c", "user.email=owner@shop.example")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=directory, capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_undo_restores_every_kind_of_project(kind, variant, library: Library, tmp_path: Path):
    directory = written(tmp_path, kind, variant)
    before = tree(directory)

    changed = adopt(directory, library)
    assert b"configure(globals())" in b"".join(path.read_bytes() for path in changed if path.suffix == ".py")
    undo_adoption(directory)

    assert tree(directory) == before


@pytest.mark.parametrize("kind", ["pip", "uv", "poetry", "pipenv"])
def test_undo_restores_links_to_the_changed_files(kind, library: Library, tmp_path: Path):
    directory = written(tmp_path / "project", kind)
    linked = ["shop/settings.py", *(name for name in KINDS[kind] if name.endswith((".txt", ".toml", "Pipfile")))]
    for name in linked:
        target = directory / "shared" / Path(name).name
        target.parent.mkdir(exist_ok=True)
        (directory / name).rename(target)
        (directory / name).symlink_to(Path("../shared" if "/" in name else "shared", target.name))
    before = tree(directory)

    adopt(directory, library)
    assert all((directory / name).is_symlink() for name in linked)
    assert b"configure(globals())" in (directory / "shared/settings.py").read_bytes()
    undo_adoption(directory)

    assert tree(directory) == before


@pytest.mark.parametrize("kind", ["pip", "poetry"])
def test_undo_restores_files_that_git_ignores(kind, library: Library, tmp_path: Path):
    directory = written(tmp_path / "project", kind)
    ignored = ["settings.py", "*.txt", "*.toml", "vendor/", "Dockerfile"]
    (directory / IGNORED).write_text("\n".join([*ignored, ""]))
    git(directory, "init", "--quiet")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message", "Begin")
    status = git(directory, "status", "--porcelain", "--ignored")
    before = without_git(tree(directory))

    adopt(directory, library)
    undo_adoption(directory)

    assert without_git(tree(directory)) == before
    assert git(directory, "status", "--porcelain", "--ignored") == status


def without_git(paths: dict[str, tuple[int, bytes | None]]) -> dict[str, tuple[int, bytes | None]]:
    """Leave out git's own files, some of which `git status` rewrites."""
    return {name: entry for name, entry in paths.items() if not name.startswith(".git/")}
