"""Reads pip's requirements files: their requirements, their includes and the tool that compiled them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.compiled_file import Compilation, compilation_of
from django_runtimes.project_files.dependencies.requirement_text import logical_lines, text_of

# The candidates for a server's requirements, in order.
_NAMES = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements-production.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
    "requirements/requirements.txt",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements/main.txt",
    "reqs/requirements.txt",
)
_INCLUDE = re.compile(r"^(?:-r\s*|--requirement[=\s]\s*)(?P<path>.+)$")
_CONSTRAINT = re.compile(r"^(?:-c\s*|--constraint[=\s]\s*)(?P<path>.+)$")
_OPTION = re.compile(r"\s+--[a-z-]+(?:[=\s]\S+)?")
_LINKS = re.compile(r"^(?:-f|--find-links(?:=|$))(?P<path>.*)$")
_EDITABLE = re.compile(r"^(?:-e\s*|--editable[=\s]\s*)")
_FILE_URL = re.compile(r"^(?:[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*)?file:(?://)?(?P<path>[^\s;#]+)")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://|^git\+", re.IGNORECASE)
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2")
_EGG = re.compile(r"#egg=(?P<name>[\w.-]+(?:\[[^\]]*\])?)")


@dataclass(frozen=True)
class RequirementFile:
    """A requirements file; `compilation` is None if it is hand-written.

    `local_paths` are the folders and archives that it installs, relative to pip's working directory. `links` are the
    folders and files of --find-links, which pip looks for beside this file first, and then in its working directory.
    `urls` are the addresses of files that it includes. `sourced` are the names of packages that it installs from a path
    or a URL.
    """

    path: Path
    requirements: tuple[Requirement, ...] = ()
    includes: tuple["RequirementFile", ...] = ()
    constraints: tuple[Path, ...] = ()
    is_hashed: bool = False
    compilation: Compilation | None = None
    local_paths: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    sourced: frozenset[str] = frozenset()

    def all(self) -> Iterator["RequirementFile"]:
        """Yield this file and all files that it includes."""
        yield self
        for included in self.includes:
            yield from included.all()

    def asks_for(self, name: str) -> Requirement | None:
        """Return the requirement with this name in this file, without its includes."""
        return next((need for need in self.requirements if canonicalize_name(need.name) == name), None)


def find_requirements(folder: Path) -> RequirementFile | None:
    """Return the file from which a server's packages are installed, or None."""
    for name in _NAMES:
        if (folder / name).is_file():
            return read_requirements(folder / name)
    paths = sorted([*folder.glob("requirements*.txt"), *folder.glob("requirements/*.txt")])
    files = [read_requirements(path) for path in paths if path.is_file()]
    return next((file for file in files if any(part.asks_for("django") for part in file.all())), None)


def read_requirements(path: Path, above: tuple[Path, ...] = ()) -> RequirementFile:
    """Read a file with its includes; UsageError if one is missing or includes itself."""
    if path in above:
        raise UsageError(f"{path} includes itself; remove the line -r {path.name}")
    try:
        text = text_of(path.read_bytes(), str(path))
    except OSError as error:
        named_by = f", which {above[-1]} includes," if above else ""
        raise UsageError(f"{path}{named_by} cannot be read: {error}; fix it there") from None
    requirements: list[Requirement] = []
    includes: list[RequirementFile] = []
    constraints: list[Path] = []
    local_paths: list[str] = []
    links: list[str] = []
    urls: list[str] = []
    sourced: set[str] = set()
    for line in logical_lines(text):
        match = _INCLUDE.match(line) or _CONSTRAINT.match(line)
        if match is not None:
            # pip itself fetches files at URLs.
            if _URL.match(match["path"]):
                urls += [match["path"]] if match.re is _INCLUDE else []
                continue
            if match.re is _INCLUDE:
                includes.append(read_requirements(path.parent / match["path"].strip(), (*above, path)))
            else:
                constraints.append(path.parent / match["path"].strip())
            continue
        if line.startswith("-") and not _EDITABLE.match(line):
            links += _links(line)
            continue
        if local := _local_path(line):
            local_paths.append(local)
        if requirement := _requirement(line):
            requirements.append(requirement)
            if local or requirement.url or _EGG.search(line):
                sourced.add(canonicalize_name(requirement.name))
    return RequirementFile(
        path=path,
        requirements=tuple(requirements),
        includes=tuple(includes),
        constraints=tuple(constraints),
        is_hashed="--hash=" in text or "--require-hashes" in text,
        compilation=compilation_of(text),
        local_paths=tuple(local_paths),
        links=tuple(links),
        urls=tuple(urls),
        sourced=frozenset(sourced),
    )


def _links(line: str) -> list[str]:
    """Return the paths of --find-links in a line of options, of which it may have several."""
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    found = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        match = _LINKS.match(word)
        path = (match["path"] or following) if match is not None else ""
        if path and not _URL.match(path):
            found.append(path)
    return found


def _local_path(line: str) -> str | None:
    """Return the folder or archive that a line installs, or None."""
    text = _OPTION.sub("", _EDITABLE.sub("", line)).partition(" ;")[0].strip()
    if url := _FILE_URL.match(text):
        return url["path"]
    path = re.sub(r"\[[^\]]*\]$", "", text)
    if not path or path.startswith("-") or _URL.match(path) or "@" in path:
        return None
    is_path = path.startswith(".") or "/" in path or path.endswith(_ARCHIVES) or _EDITABLE.match(line)
    return path if is_path else None


def _requirement(line: str) -> Requirement | None:
    """Parse a requirement, including a wheel's file name with extras, and a URL with #egg=."""
    text = _OPTION.sub("", line).strip()
    try:
        return Requirement(text)
    except InvalidRequirement:
        pass
    name = egg["name"] if (egg := _EGG.search(text)) else None
    path, bracket, extras = text.partition("[")
    if name is None and path.endswith(".whl"):
        name = path.rpartition("/")[2].partition("-")[0] + bracket + extras
    try:
        return Requirement(name) if name else None
    except InvalidRequirement:
        return None
