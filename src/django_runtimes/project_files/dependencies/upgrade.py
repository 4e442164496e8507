"""Copies the library's wheel into a project, or replaces the older one there."""

import io
import re
import zipfile
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.library import NAME, VENDOR, Library, Wheel
from django_runtimes.project_files.dependencies.listing import PYPROJECT, Dependencies
from django_runtimes.project_files.dependencies.requirement_text import with_text
from django_runtimes.project_files.dependencies.version_control import is_ignored_by_git

# The Dockerfiles that may name the wheel.
_IMAGES = ("Dockerfile", "Dockerfile.webapp")
_INSTALLER_FILES = re.compile(r"[^/]+\.dist-info/(?:RECORD|INSTALLER|REQUESTED|direct_url\.json)|.*\.pyc")


def plan_wheel(plan: FilePlan, dependencies: Dependencies, wheel: Wheel) -> None:
    """Plan the wheel in `vendor/`; UsageError if another wheel of the same version is there."""
    path = (dependencies.folder or plan.root) / wheel.path
    before = plan.read(path)
    if before not in {None, wheel.content}:
        raise UsageError(f"{plan.name(path)} is another wheel of the same version; remove it, and run this again")
    plan.write(path, wheel.content)
    if is_ignored_by_git(path):
        plan.remarks.append(
            f"Git ignores {plan.name(path)}, which every clone needs for installation; add it: "
            f"git add --force {plan.name(path)}"
        )


def plan_upgrade(plan: FilePlan, dependencies: Dependencies, library: Library) -> bool:
    """Plan to replace the older wheel, and its name and version in other files; return whether anything was planned."""
    vendor = (dependencies.folder or plan.root) / VENDOR
    wheels = _wheels(vendor)
    if not wheels or not isinstance(library.source, Wheel):
        return False
    installed = Version(library.version)
    newest = max(wheels.values())
    if newest > installed:
        plan.remarks.append(
            f"{plan.name(vendor)} has {NAME} {newest}, but this environment has the older {installed}; install the "
            "project's requirements here"
        )
        return False
    path = vendor / library.source.file_name
    older = {wheel: version for wheel, version in wheels.items() if version < installed}
    before = plan.read(path)
    if not older and before is not None and has_same_files(before, library.source.content):
        return False
    requirements = dependencies.requirements.all() if dependencies.requirements is not None else ()
    listings = [dependencies.file, *(file.path for file in requirements), plan.root / PYPROJECT]
    inside = [file for file in listings if file.resolve().is_relative_to(plan.root.resolve())]
    for file in dict.fromkeys([*inside, *(plan.root / name for name in _IMAGES)]):
        for wheel, version in {**older, **({path: installed} if before is not None else {})}.items():
            _replace(plan, file, wheel, version, library)
    for wheel in older:
        plan.remove(wheel)
    plan.write(path, library.source.content)
    return True


def has_same_files(first: bytes, second: bytes) -> bool:
    """Return whether two wheels install the same files; the archives' bytes also depend on the packing tool."""
    if first == second:
        return True
    try:
        return _files(first) == _files(second)
    except zipfile.BadZipFile:
        return False


def _files(wheel: bytes) -> dict[str, int]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return {
            entry.filename: entry.CRC
            for entry in archive.infolist()
            if not _INSTALLER_FILES.fullmatch(entry.filename) and not entry.is_dir()
        }


def _wheels(vendor: Path) -> dict[Path, Version]:
    found = {}
    for path in sorted(vendor.glob("*.whl")):
        try:
            name, version, *_ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if name == NAME:
            found[path] = version
    return found


def _replace(plan: FilePlan, file: Path, wheel: Path, version: Version, library: Library) -> None:
    """Plan the new wheel's name and hash, and the new version in a requirement."""
    content = plan.read(file)
    if content is None or not isinstance(library.source, Wheel):
        return
    old, new = Wheel(wheel.name, plan.read(wheel) or b""), library.source
    requirement = rf"({re.escape(NAME)}(?:\[[^\]]*\])?\s*\(?(?:>=|==)\s*){re.escape(str(version))}(?![\w.])"

    def renewed(text: str) -> str:
        text = text.replace(old.file_name, new.file_name).replace(old.sha256, new.sha256)
        return re.sub(requirement, rf"\g<1>{library.version}", text)

    plan.write(file, with_text(content, renewed))
