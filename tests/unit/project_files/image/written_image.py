"""Plans the files of an image for a small project."""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.dependencies.dependency_line import plan_dependency
from django_runtimes.project_files.dependencies.library import Library, Wheel
from django_runtimes.project_files.dependencies.listing import find_dependencies
from django_runtimes.project_files.image.image_files import plan_image
from django_runtimes.project_files.reading.inspection import Inspection
from django_runtimes.project_files.reading.layout import Layout

WHEEL = Wheel("django_runtimes-1.2-py3-none-any.whl", b"wheel")
INSPECTION = Inspection("5.2", (), {}, debug=False, variables={}, paths=("/",), reads=None)
INSTALL = "RUN /opt/tools/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile"


def adopt(
    root: Path, files: dict[str, str], *, python_path: str = ".", inspection: Inspection | None = None
) -> FilePlan:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    needs = {"mysql": (Requirement("pymysql"),), "mssql": (Requirement("mssql-django"), Requirement("pyodbc"))}
    library = Library("1.2", (), SpecifierSet(">=3.11,<3.14"), (Requirement("django>=5.2"),), needs)
    library.__dict__["source"] = WHEEL
    plan = FilePlan(root)
    layout = Layout(root, root / python_path, "shop.settings", root / python_path / "shop/settings.py")
    dependencies = find_dependencies(plan, layout.python_path)
    plan_dependency(plan, dependencies, library, drivers=lambda: (inspection or INSPECTION).driver_extras)
    plan_image(plan, layout, dependencies, library, inspect=lambda: inspection or INSPECTION)
    return plan


def lines(plan: FilePlan, name: str = "Dockerfile") -> list[str]:
    return (plan.read(plan.root / name) or b"").decode().splitlines()
