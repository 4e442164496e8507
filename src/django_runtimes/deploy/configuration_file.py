"""Adds lines to webapp.toml, and keeps every other byte of it."""

import os
import stat
import tempfile
from pathlib import Path

from django_runtimes.cli.text_files.toml_text import with_block, with_key
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.configuration import FILE_NAME


def add_secret(directory: Path, stage: str, name: str, reference: str) -> None:
    """Add a line to [stages.STAGE.secrets]; raise UsageError, which contains the line, if that is impossible."""
    path = (directory / FILE_NAME).resolve()
    content = path.read_bytes()
    table, line = ("stages", stage, "secrets"), f'{name} = "{reference}"'
    try:
        changed = with_key(content, table, line, name=FILE_NAME)
    except (KeyError, UsageError):
        # The table does not exist yet, or is written inside another one.
        changed = with_block(content, f"[{'.'.join(table)}]\n{line}\n", name=FILE_NAME)
    _replace(path, changed)


def _replace(path: Path, content: bytes) -> None:
    """Replace a file at once, so that a full disk or a kill leaves the former content."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
