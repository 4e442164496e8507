"""`webapp init --eject`: copies the library's templates into a project, whose copy is used from then on."""

import shutil
import tempfile
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.templates.ejection_record import RECORD_NAME, EjectionRecord
from django_runtimes.deploy.templates.template_source import FOLDER, library_templates


def check_ejection(project: Path) -> None:
    """UsageError where the project has a deploy/ already."""
    directory = project / FOLDER
    if directory.exists() or directory.is_symlink():
        raise UsageError(
            f"{directory} is there already, and --eject overwrites nothing; move it away, or keep to what it holds"
        )


def eject(project: Path) -> Path:
    """Copy the templates to deploy/ with a record of their version; the new folder, which is whole or not there.

    UsageError where there is one already.
    """
    check_ejection(project)
    directory, templates = project / FOLDER, library_templates()
    # Beside it, so that the last step is one rename.
    with tempfile.TemporaryDirectory(dir=project, prefix=f".{FOLDER}-") as parent:
        made = Path(parent, FOLDER)
        shutil.copytree(templates, made)
        (made / RECORD_NAME).write_text(EjectionRecord.of(templates).to_json(), encoding="utf-8")
        made.rename(directory)
    return directory
