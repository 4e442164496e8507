"""Where a project's templates are: in the copy of its own that `webapp init --eject` makes, or in the library."""

from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.catalogue import STACKS
from django_runtimes.deploy.templates.ejection_record import RECORD_NAME, EjectionRecord, read_ejection_record

FOLDER = "deploy"
_DISTRIBUTION = "django-runtimes"
# Where pyproject.toml puts them into the wheel, below this package.
_PACKAGED = "cloudformation"


@dataclass(frozen=True)
class TemplateSource:
    """A folder with every template; `record` is None unless `webapp init --eject` made it."""

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
        """The page on the templates, or on those of one folder."""
        return self.directory / folder / "README.md"


def find_templates(project: Path) -> TemplateSource:
    """The project's own folder deploy/ where it holds the templates, else the library's.

    ToolError for an ejected copy that lacks some. A folder of the same name with other things in it is left alone.
    """
    directory = project / FOLDER
    missing = [stack.template for stack in STACKS if not (directory / stack.template).is_file()]
    record = read_ejection_record(directory)
    if not missing:
        return TemplateSource(directory, is_of_project=True, record=record)
    if record is not None:
        raise ToolError(
            f"{directory} was made by `webapp init --eject` and lacks {', '.join(missing)}; restore what is missing, "
            f"or delete {directory / RECORD_NAME} to use the library's templates"
        )
    return TemplateSource(library_templates(), is_of_project=False)


def library_templates() -> Path:
    """The templates in the installed wheel, or at the top level of the clone that is installed as editable."""
    package = Path(str(resources.files("django_runtimes.deploy")))
    packaged = package / _PACKAGED
    if packaged.is_dir():
        return packaged
    clone = package.parents[2] / FOLDER
    if (clone / STACKS[0].template).is_file():
        return clone
    raise ToolError(
        f"the installed {_DISTRIBUTION} holds no templates, in neither {packaged} nor {clone}; install its wheel again"
    )


def differing_templates(source: TemplateSource) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files of an ejected copy that were edited in it, and those that the installed library has otherwise.

    Both by their names below deploy/, a file that one side lacks included; both are empty for other sources.
    """
    if source.record is None:
        return (), ()
    own = EjectionRecord.of(source.directory).files
    installed = EjectionRecord.of(library_templates()).files
    ejected = source.record.files
    edited = [name for name in ejected if own.get(name) != ejected[name]]
    changed = [name for name in {*installed, *ejected} if installed.get(name) != ejected.get(name)]
    return tuple(sorted(edited)), tuple(sorted(changed))
