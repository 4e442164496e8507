"""Adds the library to files that list packages, as the tests need it."""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.dependency_line import note_missing_extras, plan_dependency
from django_runtimes.project_files.dependencies.library import Archive, Git, Library, Wheel
from django_runtimes.project_files.dependencies.listing import find_dependencies

GIT = Git("https://git.example/runtimes", "0123abc")
ARCHIVE = Archive("https://files.example/django_runtimes-1.2-py3-none-any.whl", "sha256=00ff")
WHEEL = Wheel("django_runtimes-1.2-py3-none-any.whl", b"wheel")
WHEEL_HASH = "4ef9c3fa04a4dad4aa07cb1bc3bb3cd8cdd5ccdcfbf67da1d0bdc6e76e0aaaa3"
HASHED = "django==5.2.1 --hash=sha256:00\n"


def library(source: object, *extras: str) -> Library:
    made = Library(
        "1.2",
        extras,
        SpecifierSet(">=3.11,<3.14"),
        (Requirement("asgiref"), Requirement("django>=5.2")),
        {"mysql": (Requirement("pymysql>=1"),), "oracle": (Requirement("oracledb>=2"),)},
    )
    made.__dict__["source"] = source
    return made


def adopt(
    root: Path, files: dict[str, str], source: object, *extras: str, drivers: tuple[str, ...] = ()
) -> tuple[FilePlan, str]:
    for name, content in files.items():
        (root / name).write_text(content)
    plan = FilePlan(root)
    dependencies, added = find_dependencies(plan, root), library(source, *extras)
    tables = plan_dependency(plan, dependencies, added, drivers=lambda: drivers)
    note_missing_extras(plan, dependencies, added.with_drivers(drivers))
    return plan, tables


def last_line(plan: FilePlan, name: str) -> str:
    return (plan.read(plan.root / name) or b"").decode().splitlines()[-1]
