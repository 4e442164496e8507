"""Gives a library that a project lists by name only the source from which the image installs it."""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from django_runtimes.cli.text_files.toml_file import parse_toml
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.dependency_text import source_table, wheel_line
from django_runtimes.project_files.dependencies.library import NAME, VENDOR, Library, Wheel
from django_runtimes.project_files.dependencies.listing import Dependencies, Manager
from django_runtimes.project_files.dependencies.requirement_files import RequirementFile, read_requirements
from django_runtimes.project_files.dependencies.upgrade import plan_wheel

_KEYS = ("path", "file", "git", "url", "source", "index", "workspace")


def plan_source(plan: FilePlan, dependencies: Dependencies, library: Library, need: Requirement) -> str:
    """Plan the wheel, unless the project names a source; return the tables that pyproject.toml needs as well.

    A note says what to do if the source cannot be added without a change of the project's own line.
    """
    name = plan.name(dependencies.file)
    is_wheel = isinstance(library.source, Wheel)
    if need.url or _names_source(plan, dependencies):
        return ""
    if isinstance(library.source, Wheel) and _has_wheel(plan, dependencies, library.source):
        return ""
    table = _source_table_of(dependencies)
    if table is None and not (is_wheel and dependencies.manager is Manager.PIP):
        plan.remarks.append(
            f"{name} lists {NAME} without its source, and no public index has it; unless an index of yours does, "
            "remove the line, and run webapp init again, which adds it with its source"
        )
        return ""
    if isinstance(library.source, Wheel):
        plan_wheel(plan, dependencies, library.source)
        if table is None:
            _note_wheel(plan, name, dependencies, library, library.source)
    return source_table(table, library, commit="rev") if table is not None else ""


def _note_wheel(plan: FilePlan, name: str, dependencies: Dependencies, library: Library, wheel: Wheel) -> None:
    requirements = dependencies.requirements
    if requirements is not None and requirements.is_hashed:
        files = (plan.read(file.path) or b"" for file in requirements.all())
        if not any(wheel.sha256.encode() in content for content in files):
            plan.remarks.append(
                f"{name} allows only packages with its hashes, and none belongs to {wheel.path}; add --hash=sha256:"
                f"{wheel.sha256} to the line of {NAME}"
            )
    plan.remarks.append(
        f"{name} lists {NAME} without its source, and no public index has it; a new Dockerfile installs {wheel.path}, "
        f"and outside the image, install {wheel_line(library, wheel)} first"
    )


def _source_table_of(dependencies: Dependencies) -> str | None:
    """Return the table in which uv or Poetry looks for the source of a package in an array, or None."""
    match dependencies.manager:
        case Manager.UV:
            return "tool.uv.sources"
        case Manager.POETRY if dependencies.key is not None:
            return "tool.poetry.dependencies"
    return None


def _names_source(plan: FilePlan, dependencies: Dependencies) -> bool:
    """Return whether the project says where the library comes from."""
    folder = dependencies.folder or plan.root
    files = [*dependencies.requirements.all()] if dependencies.requirements is not None else []
    if not dependencies.table:
        # The file that pip-compile reads is not among those that pip installs from.
        files += read_requirements(dependencies.file).all() if dependencies.file.is_file() else []
        return any(NAME in file.sourced or _links_wheel(file, folder) for file in files)
    if any(NAME in file.sourced for file in files):
        return True
    tool = parse_toml(plan.read(dependencies.file) or b"", plan.name(dependencies.file))
    tables = [tool.get("tool", {}).get("uv", {}).get("sources", {})]
    tables += [tool.get("tool", {}).get("poetry", {}).get("dependencies", {}), tool.get("packages", {})]
    entries = (value for table in tables for name, value in table.items() if canonicalize_name(name) == NAME)
    return any(isinstance(entry, list) or (isinstance(entry, dict) and set(entry) & set(_KEYS)) for entry in entries)


def _links_wheel(file: RequirementFile, folder: Path) -> bool:
    """Return whether --find-links of the file has a wheel of the library."""
    places = [place for link in file.links for place in (file.path.parent / link, folder / link)]
    return any(_is_library(wheel) for place in places for wheel in (place, *place.glob("*.whl")))


def _has_wheel(plan: FilePlan, dependencies: Dependencies, wheel: Wheel) -> bool:
    return plan.exists((dependencies.folder or plan.root) / VENDOR / wheel.file_name)


def _is_library(wheel: Path) -> bool:
    try:
        return parse_wheel_filename(wheel.name)[0] == NAME
    except InvalidWheelFilename:
        return False
