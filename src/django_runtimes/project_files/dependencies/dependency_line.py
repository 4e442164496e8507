"""Adds the library to a project's dependencies, in the version installed in this environment."""

from collections.abc import Callable, Iterable

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from django_runtimes.cli.text_files.toml_file import parse_toml
from django_runtimes.cli.text_files.toml_text import with_array_item, with_key
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.extras import NEEDED_BY
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.dependency_text import (
    key_line,
    requirement,
    source_table,
    wheel_line,
)
from django_runtimes.project_files.dependencies.library import NAME, Archive, Git, Library, Wheel
from django_runtimes.project_files.dependencies.listed_source import plan_source
from django_runtimes.project_files.dependencies.listing import PYPROJECT, Dependencies, Manager
from django_runtimes.project_files.dependencies.ranges import python_minors
from django_runtimes.project_files.dependencies.requirement_files import read_requirements
from django_runtimes.project_files.dependencies.requirement_text import with_line
from django_runtimes.project_files.dependencies.upgrade import plan_upgrade, plan_wheel

_HATCHLING = "hatchling.build"


def plan_dependency(
    plan: FilePlan, dependencies: Dependencies, library: Library, *, drivers: Callable[[], Iterable[str]]
) -> str:
    """Plan the line and the wheel that it names, or the replacement of an older wheel.

    A new line gets the extras that `drivers` returns too. Returns the tables that pyproject.toml needs as well, or
    nothing.
    """
    name = plan.name(dependencies.file)
    need = _listed(dependencies) or _listed_as_folder(plan, dependencies, library)
    if need is not None or dependencies.project == NAME:
        if need is None or not plan_upgrade(plan, dependencies, library):
            plan.already.append(f"{name} lists {NAME}")
        return plan_source(plan, dependencies, library, need) if need is not None else ""
    library = library.with_drivers(drivers())
    before = plan.read(dependencies.file)
    tables = ""
    if dependencies.table:
        line, tables = _toml_line(dependencies, library)
        if dependencies.key is None:
            after = with_key(before or b"", dependencies.table, line, name=name)
        else:
            after = with_array_item(before or b"", dependencies.table, dependencies.key, line, name=name)
            if isinstance(library.source, Git | Archive) and dependencies.manager is not Manager.UV:
                tables += _hatch_permission(before or b"")
            if isinstance(library.source, Wheel) and not tables:
                _note_name(plan, name, library, library.source)
    else:
        start = b"".join(line.encode() + b"\n" for line in _first_lines(dependencies)) if before is None else before
        after = with_line(start, _requirement_line(plan, dependencies, library))
        if dependencies.is_metadata and isinstance(library.source, Wheel):
            _note_name(plan, name, library, library.source)
        _note_compilation(plan, dependencies)
    plan.write(dependencies.file, after)
    plan.remarks += [
        f"{NAME} in {name} has the extra [{extra}], since the project has {purpose}"
        for extra, purpose in NEEDED_BY.items()
        if extra in library.extras
    ]
    if isinstance(library.source, Wheel):
        plan_wheel(plan, dependencies, library.source)
    return tables


def note_missing_extras(plan: FilePlan, dependencies: Dependencies, library: Library) -> None:
    """Note the extras of `library` that are missing in the project's own line; a planned line lacks none."""
    need = _listed(dependencies) or _listed_as_folder(plan, dependencies, library)
    if need is not None and (missing := _missing_extras(need, dependencies, library)):
        name = plan.name(dependencies.file)
        plan.remarks.append(f"{name} lists {NAME} without {missing}, which the image needs; add it there")


def _note_name(plan: FilePlan, name: str, library: Library, wheel: Wheel) -> None:
    plan.remarks.append(
        f"{name} can name {NAME} only by its version, but no index has it; outside the image, "
        f"install {wheel_line(library, wheel)} first"
    )


def _note_compilation(plan: FilePlan, dependencies: Dependencies) -> None:
    """Note that the next compilation removes the line, if the compiled file's source is not in the project."""
    files = dependencies.requirements.all() if dependencies.requirements is not None else ()
    found = next((file.compilation for file in files if file.path == dependencies.file), None)
    if found is not None:
        source = found.sources[0] if found.sources else "its source"
        plan.remarks.append(
            f"{plan.name(dependencies.file)} is a compiled file, and the next compilation removes the new line; add "
            f"the line to {source} too"
        )


def _listed(dependencies: Dependencies) -> Requirement | None:
    """Return the project's requirement on the library, from a hand-written file: a compiled file may omit extras."""
    if not dependencies.table and dependencies.file.is_file():
        for file in read_requirements(dependencies.file).all():
            if need := file.asks_for(NAME):
                return need
    return dependencies.direct.get(NAME)


def _listed_as_folder(plan: FilePlan, dependencies: Dependencies, library: Library) -> Requirement | None:
    """Return a requirement on the library's source, if the project installs it from a folder of its own."""
    if dependencies.table or not dependencies.file.is_file():
        return None
    folder = dependencies.folder or plan.root
    for path in (path for file in read_requirements(dependencies.file).all() for path in file.local_paths):
        pyproject = folder / path / PYPROJECT
        content = pyproject.read_bytes() if pyproject.is_file() and pyproject != plan.root / PYPROJECT else b""
        name = parse_toml(content, plan.name(pyproject)).get("project", {}).get("name", "")
        if canonicalize_name(str(name)) == NAME:
            # The extras of a folder's line are not known here.
            return Requirement(f"{library.name} @ {(folder / path).resolve().as_uri()}")
    return None


def _first_lines(dependencies: Dependencies) -> list[str]:
    """Return the first lines of a new file, which install the requirements of the project's own metadata."""
    requirements = dependencies.requirements
    if requirements is None:
        return []
    folder = requirements.path.parent
    return [
        *(f"-r {file.path.relative_to(folder).as_posix()}" for file in requirements.includes),
        *requirements.local_paths,
    ]


def _missing_extras(need: Requirement, dependencies: Dependencies, library: Library) -> str:
    """Return the missing extras in brackets; empty if none is missing or a compiled file lists their packages."""
    requirements = dependencies.requirements
    if (
        requirements is not None
        and (requirements.compilation is not None or requirements.is_hashed)
        and dependencies.file == requirements.path
    ):
        return ""
    missing = [extra for extra in library.extras if extra not in need.extras]
    return f"[{','.join(missing)}]" if missing else ""


def _requirement_line(plan: FilePlan, dependencies: Dependencies, library: Library) -> str:
    """Return the line for a requirements file."""
    requirements = dependencies.requirements
    is_hashed = requirements is not None and requirements.is_hashed and dependencies.file == requirements.path
    if dependencies.is_metadata and not is_hashed:
        return requirement(library)
    if not is_hashed:
        return wheel_line(library, library.source) if isinstance(library.source, Wheel) else requirement(library)
    if not isinstance(library.source, Wheel):
        raise UsageError(
            f"{plan.name(dependencies.file)} allows only lines with --hash, but {requirement(library)} has none here; "
            "add it and its hashes with pip-compile --generate-hashes or uv pip compile, and run this again"
        )
    missing = sorted(_missing(library.requires, dependencies.direct))
    if missing:
        plan.remarks.append(
            f"{plan.name(dependencies.file)} allows only lines with --hash: recompile it with the packages that {NAME} "
            f"needs ({', '.join(missing)})"
        )
    return f"{wheel_line(library, library.source)} --hash=sha256:{library.source.sha256}"


def _missing(needs: Iterable[Requirement], listed: Iterable[str]) -> set[str]:
    listed_names = set(listed)
    return {str(need.name) for need in needs if canonicalize_name(need.name) not in listed_names}


def _toml_line(dependencies: Dependencies, library: Library) -> tuple[str, str]:
    """Return the item of an array or the line `key = value` of a table, and tables for the end of the file."""
    versions = f">={library.version}"
    match dependencies.manager:
        case Manager.UV:
            marker = _lower_bound(dependencies.pythons, library.pythons)
            return f"{library.name}{versions}{marker}", source_table("tool.uv.sources", library, commit="rev")
        case Manager.POETRY if dependencies.key is not None:
            marker = _marker(dependencies.pythons, library.pythons)
            if not isinstance(library.source, Wheel):
                return f"{requirement(library)} {marker}", ""
            table = source_table("tool.poetry.dependencies", library, commit="rev")
            return f"{library.name}{versions}{marker}", table
        case Manager.POETRY:
            narrowed = bool(_marker(dependencies.pythons, library.pythons))
            return key_line(library, commit="rev", archive="url", pythons=library.pythons if narrowed else None), ""
        case Manager.PIPENV:
            return key_line(library, commit="ref", archive="file", pythons=None), ""
    return requirement(library), ""


def _hatch_permission(content: bytes) -> str:
    """Return the table that makes hatchling accept a dependency with a URL, if the project needs it."""
    data = parse_toml(content, PYPROJECT)
    is_hatchling = data.get("build-system", {}).get("build-backend") == _HATCHLING
    if not is_hatchling or "metadata" in data.get("tool", {}).get("hatch", {}):
        return ""
    return "[tool.hatch.metadata]\nallow-direct-references = true\n"


def _lower_bound(project: SpecifierSet, library: SpecifierSet) -> str:
    """Return a marker for uv, which resolves for every Python from the project's lowest up, ignoring upper bounds."""
    lowest = min(python_minors(library))
    return f" ; python_version >= '3.{lowest}'" if min(python_minors(project)) < lowest else ""


def _marker(project: SpecifierSet, library: SpecifierSet) -> str:
    """Return a marker for Poetry, which requires a package to support every Python that the project allows."""
    if not python_minors(project) - python_minors(library) and not project.contains("4.0"):
        return ""
    bounds = [f"python_version {item.operator} '{item.version}'" for item in sorted(library, key=str, reverse=True)]
    return " ; " + " and ".join(bounds)
