"""Plans all changes to a project's files that its adoption requires."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django_runtimes.cli.project.import_root import find_import_root
from django_runtimes.cli.text_files.toml_file import parse_toml
from django_runtimes.cli.text_files.toml_text import with_block
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.changes.first_workload import render_workload
from django_runtimes.project_files.changes.init_record import require_record_folder
from django_runtimes.project_files.changes.settings_lines import plan_settings
from django_runtimes.project_files.dependencies.dependency_line import note_missing_extras, plan_dependency
from django_runtimes.project_files.dependencies.library import NAME, Library
from django_runtimes.project_files.dependencies.listing import PYPROJECT, Dependencies, find_dependencies
from django_runtimes.project_files.dependencies.ranges import django_overlaps, python_minors
from django_runtimes.project_files.image.image_files import plan_image
from django_runtimes.project_files.reading.entry_files import file_that_reads_env, file_with_configurations, reads_env
from django_runtimes.project_files.reading.inspection import Inspection, inspect_project
from django_runtimes.project_files.reading.layout import Layout, find_layout
from django_runtimes.project_files.reading.suite_settings import command_with, suite_settings_without_lines

WORKLOAD = "compare.toml"
_SQLITE = "sqlite3"


@dataclass(frozen=True)
class Adoption:
    """A project and its planned changes."""

    plan: FilePlan
    layout: Layout
    dependencies: Dependencies
    library: Library

    @property
    def driver_extras(self) -> tuple[str, ...]:
        """The extras with the project's drivers; none if no file to be written depends on the settings."""
        return self.inspection.driver_extras if "inspection" in vars(self) else ()

    @cached_property
    def inspection(self) -> Inspection:
        """The inspected settings, loaded only if a file to be written depends on them."""
        found = inspect_project(self.layout)
        if self.layout.alternatives:
            self.plan.remarks.append(
                f"{self.layout.settings} is adopted; the project also has {', '.join(self.layout.alternatives)} "
                "(choose one with --settings)"
            )
        if found.engines.get("default", "").endswith(_SQLITE):
            self.plan.remarks.append(
                "the database is sqlite3, a file that other containers cannot see; set DATABASE_URL to a PostgreSQL "
                "server where the project runs (compare and serve start one, and migrate it)"
            )
        if found.needed_debug and found.debug_setting:
            self.plan.remarks.append(
                f"the settings do not load without {found.needed_debug}, so environment of [tool.webapp] lists it, and "
                f"a new {WORKLOAD} sets it to {found.debug_setting[1]} (off); set it where you deploy"
            )
        elif found.debug:
            self.plan.remarks.append(
                f"{self.layout.settings} sets DEBUG, which is refused on every runtime but local; "
                f"{_debug_remedy(found)}"
            )
        wanted = self.dependencies.direct.get("django")
        if wanted is not None and not wanted.specifier.contains(found.django, prereleases=True):
            self.plan.remarks.append(
                f"{self.plan.name(self.dependencies.file)} requires Django {wanted.specifier} but this environment has "
                f"{found.django}; install the project's version before you compare"
            )
        return found


def _debug_remedy(found: Inspection) -> str:
    if found.debug_off is None:
        return "set it to False, or read it from a variable"
    name, value = found.debug_off
    if found.variables.get(name) is None:
        return f"that is the default of {name}, so a new {WORKLOAD} sets {name} to {value}; set it where you deploy too"
    return f"a new {WORKLOAD} sets {name} to {value}; leave it off where you deploy"


def plan_adoption(directory: Path, library: Library, *, settings: str | None = None) -> Adoption:
    """Plan the changes to the project in `directory`, without writing any; UsageError if it cannot be adopted."""
    require_record_folder(directory)
    declared = _declared(directory)
    if settings is not None and declared not in (None, settings):
        raise UsageError(
            f"--settings names {settings}, but {PYPROJECT} names {declared} in [tool.webapp], and init does not change "
            "that; run webapp init --undo first, or change the name there and in the Dockerfile"
        )
    layout = find_layout(directory, settings=settings, declared=declared)
    _require_module(layout, is_chosen=settings is not None)
    plan = FilePlan(layout.root)
    adoption = Adoption(plan, layout, find_dependencies(plan, layout.python_path), library)
    _require_ranges(adoption)
    plan_settings(plan, layout.settings_file)
    _note_neighbours(plan, layout)
    tables = plan_dependency(plan, adoption.dependencies, library, drivers=lambda: adoption.inspection.driver_extras)
    _plan_block(adoption, tables)
    _plan_workload(adoption)
    plan_image(plan, layout, adoption.dependencies, library, inspect=lambda: adoption.inspection)
    note_missing_extras(plan, adoption.dependencies, library.with_drivers(adoption.driver_extras))
    return adoption


def _require_module(layout: Layout, *, is_chosen: bool) -> None:
    name = file_with_configurations(layout, is_chosen=is_chosen)
    if name is not None:
        raise UsageError(
            f"{name} takes the settings from classes of django-configurations, but configure() needs a module; write "
            "the settings of one class as a module, and name it with --settings"
        )


def _note_neighbours(plan: FilePlan, layout: Layout) -> None:
    """Note the changes that the tests' settings need, and an .env file that only manage.py or wsgi.py reads."""
    for_tests = suite_settings_without_lines(layout)
    if for_tests is not None:
        plan.remarks.append(
            f"{plan.name(for_tests)}, the settings of the tests, does not call configure(), nor do the settings that "
            f"it imports; for {command_with(layout, for_tests)}, add the same two lines at its end"
        )
    reader = file_that_reads_env(layout)
    has_file = any((folder / ".env").is_file() for folder in (layout.root, layout.python_path))
    if reader is not None and has_file and not any(map(reads_env, layout.settings_file.parent.glob("*.py"))):
        plan.remarks.append(
            f"{reader[0]} reads .env with {reader[1]}(), but no runtime runs it; make that call at the top of "
            f"{plan.name(layout.settings_file)}"
        )


def _declared(directory: Path) -> str | None:
    path = directory / PYPROJECT
    if not path.is_file():
        return None
    block = parse_toml(path.read_bytes(), PYPROJECT).get("tool", {}).get("webapp", {})
    settings = block.get("settings")
    return settings if isinstance(settings, str) else None


def _require_ranges(adoption: Adoption) -> None:
    dependencies, library = adoption.dependencies, adoption.library
    name = adoption.plan.name(dependencies.file)
    if not python_minors(dependencies.pythons) & python_minors(library.pythons):
        raise UsageError(
            f"the project's Python is {dependencies.pythons}, but {NAME} {library.version} needs {library.pythons}; "
            f"allow one of these versions in {name} first"
        )
    wanted = dependencies.direct.get("django")
    if wanted is not None and not django_overlaps(wanted.specifier, library.django):
        raise UsageError(
            f"{name} requires Django {wanted.specifier}, but {NAME} {library.version} needs {library.django}; "
            "move the project to one of these versions first"
        )


def _plan_block(adoption: Adoption, tables: str) -> None:
    """Plan [tool.webapp] and the other tables that the dependency needs in pyproject.toml."""
    plan, layout = adoption.plan, adoption.layout
    path = plan.root / PYPROJECT
    content = plan.read(path)
    block = ""
    if content and "webapp" in parse_toml(content, PYPROJECT).get("tool", {}):
        plan.already.append(f"{PYPROJECT} has [tool.webapp]")
    else:
        variables = adoption.inspection.own_variables
        lines = ["[tool.webapp]", f'settings = "{layout.settings}"']
        if layout.python_path != find_import_root(layout.root, layout.settings):
            lines.append(f'python_path = "{layout.python_path.relative_to(layout.root).as_posix()}"')
        if variables:
            lines.append("environment = [" + ", ".join(f'"{name}"' for name in variables) + "]")
        lines.append(f'workload = "{WORKLOAD}"')
        block = "\n".join(lines) + "\n"
    added = "\n".join(filter(None, (block, tables)))
    if added:
        plan.write(path, with_block(content, added, name=PYPROJECT))


def _plan_workload(adoption: Adoption) -> None:
    path = adoption.plan.root / WORKLOAD
    if adoption.plan.has_file(path):
        adoption.plan.already.append(f"{WORKLOAD} exists, and is not changed")
        return
    found = adoption.inspection
    text = render_workload(
        adoption.layout.settings.partition(".")[0],
        found.paths,
        found.reads,
        collects_static=found.uses_static_files,
        debug_off=found.debug_setting,
    )
    adoption.plan.write(path, text.encode())
