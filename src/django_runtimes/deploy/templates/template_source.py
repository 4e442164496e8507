"""Locates a project's templates: in its own copy from `webapp init --eject`, or in the library."""

from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.catalogue import STACKS
from django_runtimes.deploy.templates.ejection_record import RECORD_NAME, EjectionRecord, read_ejection_record

FOLDER = "deploy"
_DISTRIBUTION = "django-runtimes"
# pyproject.toml puts the templates into this folder of the wheel, below this package.
_PACKAGED = "cloudformation"


@dataclass(frozen=True)
class TemplateSource:
    """A folder with all templates; `record` is set only if `webapp init --eject` created it."""

    directory: Path
    is_of_project: bool
    record: EjectionRecord | None = None

    @property
    def library(self) -> str:
        """The installed library and its version."""
        return f"{_DISTRIBUTION} {version(_DISTRIBUTION)}"

    def __str__(self) -> str:
        if self.is_of_project:
            ejected = f", ejected from {_DISTRIBUTION} {self.record.version}" if self.record else ""
            return f"{self.directory}, this project's own{ejected}"
        return f"{self.directory}, of {self.library}"

    def readme(self, folder: str = "") -> Path:
        """Return the README of the templates, or of one folder of them."""
        return self.directory / folder / "README.md"


def find_templates(project: Path) -> TemplateSource:
    """Return the project's own folder deploy/ if it contains the templates, and otherwise the library's.

    Raise ToolError for an ejected copy that lacks some templates. A deploy/ folder with other content is ignored.
    """
    directory = project / FOLDER
    missing = [stack.template for stack in STACKS if not (directory / stack.template).is_file()]
    record = read_ejection_record(directory)
    if not missing:
        return TemplateSource(directory, is_of_project=True, record=record)
    if record is not None:
        raise ToolError(
            f"{directory} was made by `webapp init --eject` and lacks {', '.join(missing)}; copy the missing files "
            f"from {library_templates()}, or delete {directory / RECORD_NAME} to use the library's templates"
        )
    return TemplateSource(library_templates(), is_of_project=False)


def library_templates() -> Path:
    """Return the templates' folder in the installed wheel, or in the clone of an editable installation."""
    package = Path(str(resources.files("django_runtimes.deploy")))
    packaged = package / _PACKAGED
    if packaged.is_dir():
        return packaged
    clone = package.parents[2] / FOLDER
    if (clone / STACKS[0].template).is_file():
        return clone
    raise ToolError(
        f"the installed {_DISTRIBUTION} has no templates, neither in {packaged} nor in {clone}; install its wheel again"
    )


def differing_templates(source: TemplateSource) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return an ejected copy's files that were edited, and those that changed in the library since the copy.

    Paths are relative to deploy/. Both lists include files that only one side has, and are empty for other sources.
    """
    if source.record is None:
        return (), ()
    own = EjectionRecord.of(source.directory).files
    installed = EjectionRecord.of(library_templates()).files
    ejected = source.record.files
    edited = [name for name in ejected if own.get(name) != ejected[name]]
    changed = [name for name in {*installed, *ejected} if installed.get(name) != ejected.get(name)]
    return tuple(sorted(edited)), tuple(sorted(changed))
