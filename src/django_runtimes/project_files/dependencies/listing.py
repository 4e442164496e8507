"""Finds a project's dependency manager (pip, uv, Poetry or Pipenv) and the file that lists its dependencies."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from django_runtimes.cli.text_files.toml_file import parse_toml
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.package_closure import locked_packages, needed_packages
from django_runtimes.project_files.dependencies.requirement_files import RequirementFile, find_requirements
from django_runtimes.project_files.dependencies.setuptools_metadata import (
    has_own_requirements,
    is_read_by_setuptools,
    setuptools_files,
)
from django_runtimes.project_files.dependencies.toml_requirements import (
    array_requirements,
    table_requirements,
    versions,
)

PYPROJECT = "pyproject.toml"
_CONDA = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
_METADATA = ("pyproject.toml", "setup.py", "setup.cfg")
_PEP621 = ("project",)
_GROUPS = ("dependency-groups",)
_POETRY = ("tool", "poetry", "dependencies")


class Manager(StrEnum):
    """The tool that installs a project's packages."""

    PIP = "pip"
    UV = "uv"
    POETRY = "poetry"
    PIPENV = "pipenv"


@dataclass(frozen=True)
class Dependencies:
    """The place for the new line: `file`, and in TOML its `table` (and the array `key` in it).

    `direct` are the packages that the project lists itself; `lock` is the file that pins all packages. `requirements`
    is the file from which pip installs, unless that is pyproject.toml; `folder` is then pip's working directory, if it
    is not the project's folder. If `is_metadata`, setuptools also reads `file`, which then must not contain paths.
    `project` is the name in pyproject.toml.
    """

    manager: Manager
    file: Path
    table: tuple[str, ...] = ()
    key: str | None = None
    direct: Mapping[str, Requirement] = field(default_factory=dict)
    pythons: SpecifierSet = field(default_factory=SpecifierSet)
    lock: Path | None = None
    requirements: RequirementFile | None = None
    folder: Path | None = None
    is_metadata: bool = False
    project: str | None = None

    @property
    def is_locked(self) -> bool:
        """Whether a lock file or a compiled requirements file must be updated for the new line."""
        files = [file.path for file in self.requirements.all()] if self.requirements is not None else [self.file]
        return self.lock is not None or self.file not in files

    @property
    def brings_django(self) -> bool:
        """Whether Django may be among the packages; what local packages and files at URLs require is unknown."""
        files = list(self.requirements.all()) if self.requirements is not None else []
        return any(file.local_paths or file.links or file.urls for file in files) or "django" in self.packages()

    def packages(self) -> frozenset[str]:
        """Return the names of all packages to be installed, as far as the lock file and this environment show them."""
        return frozenset(locked_packages(self.lock)) | frozenset(needed_packages(self.direct.values()))


def find_dependencies(plan: FilePlan, python_path: Path) -> Dependencies:
    """Find the project's dependencies; if it lists none, choose a new requirements.txt."""
    root = plan.root
    content = plan.read(root / PYPROJECT)
    data = parse_toml(content, PYPROJECT) if content else {}
    pythons = _pythons(data)
    tool = data.get("tool", {})
    if (root / "Pipfile").is_file() and not (root / "uv.lock").exists() and not (root / "poetry.lock").exists():
        return _pipenv(plan)
    has_project = "project" in data
    if has_project and ((root / "uv.lock").exists() or "uv" in tool):
        return _uv(root, data, pythons)
    if (root / "poetry.lock").exists() or "dependencies" in tool.get("poetry", {}) or _builds_with_poetry(data):
        return _poetry(root, data, pythons)
    requirements = find_requirements(root)
    folder = None
    if requirements is None and python_path != root:
        requirements = find_requirements(python_path)
        folder = _pip_folder(root, python_path, requirements)
    source = _source(requirements, root) if requirements is not None else None
    found = (
        _from_arrays(root, data, pythons, requirements, source)
        or _from_metadata(root, data, pythons, requirements)
        or _from_files(root, pythons, requirements, source)
    )
    return replace(
        found,
        folder=folder if found.requirements is requirements else None,
        is_metadata=is_read_by_setuptools(found.file, root, data),
    )


def _pip_folder(root: Path, folder: Path, requirements: RequirementFile | None) -> Path | None:
    """Return `folder` if pip must run there, or None if the requirements' paths begin at the project's folder."""
    if requirements is None:
        return None
    paths = [path for file in requirements.all() for path in file.local_paths]
    paths += [link for file in requirements.all() for link in file.links if not (file.path.parent / link).exists()]
    starts_at_root = any((root / path).exists() and not (folder / path).exists() for path in paths)
    return None if starts_at_root else folder


def _builds_with_poetry(data: Mapping[str, Any]) -> bool:
    backend = str(data.get("build-system", {}).get("build-backend", ""))
    return "dependencies" in data.get("project", {}) and (
        backend.startswith("poetry.") or "poetry" in data.get("tool", {})
    )


def _source(requirements: RequirementFile, root: Path) -> Path | None:
    """Return the hand-written file that requires Django, or None if only a compiled file does."""
    file = _asking_for_django(requirements, root)
    if file is None:
        return None
    if file.compilation is None and not file.is_hashed:
        return file.path
    # A compiled file is rewritten from its source.
    written = [file.path.with_suffix(".in")]
    for name in file.compilation.sources if file.compilation is not None else ():
        # Metadata such as pyproject.toml is not a requirements file.
        written += [folder / name for folder in (file.path.parent, root) if not name.endswith(_METADATA)]
    inside = (path for path in written if path.is_file() and path.resolve().is_relative_to(root.resolve()))
    return next(inside, None)


def _asking_for_django(requirements: RequirementFile, root: Path) -> RequirementFile | None:
    """Return the first file in the project's folder that requires Django; files outside it are never changed."""
    inside = (file for file in requirements.all() if file.path.resolve().is_relative_to(root.resolve()))
    return next((file for file in inside if file.asks_for("django")), None)


def _from_arrays(
    root: Path,
    data: Mapping[str, Any],
    pythons: SpecifierSet,
    requirements: RequirementFile | None,
    source: Path | None,
) -> Dependencies | None:
    """Return the dependencies in pyproject.toml, if only that file lists Django or a package that needs Django."""
    if source is not None:
        return None
    arrays = [(_PEP621, "dependencies"), *((_GROUPS, group) for group in data.get(_GROUPS[0], {}))]
    listed = {(table, key): array_requirements(data, table, key) or {} for table, key in arrays}
    found = next((place for place, needs in listed.items() if "django" in needs), None)
    if found is None and (requirements is None or not _brings_django(_direct(requirements))):
        # Django may be a dependency of another package, such as Wagtail.
        found = next((place for place, needs in listed.items() if _brings_django(needs)), None)
    if found is None and requirements is None and listed[arrays[0]]:
        found = arrays[0]
    if found is None:
        return None
    is_compiled = requirements is not None and any(file.asks_for("django") for file in requirements.all())
    table, key = found
    return Dependencies(
        Manager.PIP,
        root / PYPROJECT,
        table,
        key,
        listed[found],
        pythons,
        requirements=requirements if is_compiled else None,
        project=canonicalize_name(str(data.get("project", {}).get("name", ""))),
    )


def _from_metadata(
    root: Path, data: Mapping[str, Any], pythons: SpecifierSet, requirements: RequirementFile | None
) -> Dependencies | None:
    """Return the dependencies of a new requirements.txt, which installs the requirements of the project's own metadata.

    UsageError if only a conda file lists packages.
    """
    if requirements is not None:
        return None
    path = root / "requirements.txt"
    includes = setuptools_files(root, data)
    if not includes and not has_own_requirements(root, data):
        conda = next((name for name in _CONDA if (root / name).is_file()), None)
        if conda is not None:
            raise UsageError(
                f"{conda} lists the packages for conda, but the image installs them with pip; list them in "
                "requirements.txt, and run this again"
            )
        return None
    created = RequirementFile(path, includes=includes, local_paths=() if includes else (".",))
    return Dependencies(Manager.PIP, path, direct=_direct(created), pythons=pythons, requirements=created)


def _direct(requirements: RequirementFile) -> dict[str, Requirement]:
    return {canonicalize_name(need.name): need for file in requirements.all() for need in file.requirements}


def _brings_django(needs: Mapping[str, Requirement]) -> bool:
    return "django" in needed_packages(needs.values())


def _from_files(
    root: Path, pythons: SpecifierSet, requirements: RequirementFile | None, source: Path | None
) -> Dependencies:
    """Return the dependencies in a requirements file, or in a new one if there is none."""
    if requirements is None:
        return Dependencies(Manager.PIP, root / "requirements.txt", pythons=pythons)
    path = source or (_asking_for_django(requirements, root) or requirements).path
    return Dependencies(Manager.PIP, path, direct=_direct(requirements), pythons=pythons, requirements=requirements)


def _uv(root: Path, data: Mapping[str, Any], pythons: SpecifierSet) -> Dependencies:
    lock = root / "uv.lock"
    table, key = _PEP621, "dependencies"
    direct = array_requirements(data, table, key)
    if direct is None:
        raise UsageError(
            f"{PYPROJECT} has no project.dependencies, which uv installs from; add the line dependencies = [] "
            "to [project]"
        )
    return Dependencies(Manager.UV, root / PYPROJECT, table, key, direct, pythons, lock if lock.exists() else None)


def _poetry(root: Path, data: Mapping[str, Any], pythons: SpecifierSet) -> Dependencies:
    lock = root / "poetry.lock"
    found = lock if lock.exists() else None
    listed = array_requirements(data, _PEP621, "dependencies")
    if listed is not None:
        return Dependencies(Manager.POETRY, root / PYPROJECT, _PEP621, "dependencies", listed, pythons, found)
    table = data.get("tool", {}).get("poetry", {}).get("dependencies")
    if not isinstance(table, dict):
        raise UsageError(f"{PYPROJECT} lists no dependencies for Poetry; add the table [tool.poetry.dependencies]")
    pythons = versions(table["python"]) if "python" in table else pythons
    direct = table_requirements({name: value for name, value in table.items() if name != "python"})
    return Dependencies(Manager.POETRY, root / PYPROJECT, _POETRY, None, direct, pythons, found)


def _pipenv(plan: FilePlan) -> Dependencies:
    path = plan.root / "Pipfile"
    data = parse_toml(plan.read(path) or b"", "Pipfile")
    packages = data.get("packages")
    if not isinstance(packages, dict):
        raise UsageError("Pipfile has no table [packages], where Pipenv looks for dependencies; add it")
    direct = table_requirements(packages)
    version = data.get("requires", {}).get("python_version") or data.get("requires", {}).get("python_full_version")
    pythons = SpecifierSet(
        f"=={version}.*" if version and version.count(".") == 1 else f"=={version}" if version else ""
    )
    lock = plan.root / "Pipfile.lock"
    return Dependencies(Manager.PIPENV, path, ("packages",), None, direct, pythons, lock if lock.exists() else None)


def _pythons(data: Mapping[str, Any]) -> SpecifierSet:
    text = data.get("project", {}).get("requires-python", "")
    try:
        return SpecifierSet(text)
    except (InvalidSpecifier, TypeError):
        raise UsageError(
            f'{PYPROJECT}: requires-python={text!r} is not a range of versions; write it as ">=3.12"'
        ) from None
