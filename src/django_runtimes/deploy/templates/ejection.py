"""Copies the library's templates into a project for `webapp init --eject`; the verbs then use the copy."""

import shutil
import tempfile
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.templates.ejection_record import RECORD_NAME, EjectionRecord
from django_runtimes.deploy.templates.template_source import FOLDER, library_templates


def check_ejection(project: Path) -> None:
    """Raise UsageError if the project has a deploy/ already."""
    directory = project / FOLDER
    if directory.exists() or directory.is_symlink():
        raise UsageError(f"{directory} exists already, and --eject overwrites nothing; move it away, or keep using it")


def eject(project: Path) -> Path:
    """Copy the templates to deploy/ with a record of their version, all or nothing, and return the new folder.

    Raise UsageError if the folder exists already.
    """
    check_ejection(project)
    directory, templates = project / FOLDER, library_templates()
    # The copy is made beside the destination, so that the last step is one rename.
    with tempfile.TemporaryDirectory(dir=project, prefix=f".{FOLDER}-") as parent:
        made = Path(parent, FOLDER)
        shutil.copytree(templates, made)
        (made / RECORD_NAME).write_text(EjectionRecord.of(templates).to_json(), encoding="utf-8")
        made.rename(directory)
    return directory
