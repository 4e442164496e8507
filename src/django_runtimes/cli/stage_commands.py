"""Decides whether a command that Django has too is for a deployed stage."""

from collections.abc import Mapping, Sequence
from pathlib import Path

# The verb of the same name, for a stage.
STAGE_COMMANDS = {"createsuperuser": ("django_runtimes.deploy.verbs.createsuperuser", "deploy")}

_CONFIGURATION = "webapp.toml"
_FOR_A_STAGE = ("--stage", "--target", "--no-password")
# Django's own options.
_FOR_DJANGO = ("--noinput", "--no-input", "--database", "--settings", "--pythonpath")


def is_for_stage(arguments: Sequence[str], environ: Mapping[str, str], directory: Path) -> bool:
    """Return whether the command is for a stage of webapp.toml, rather than for the database of this environment.

    An option decides. Without one, a database that a variable names has precedence over a webapp.toml in or above
    the directory.
    """
    if not arguments or arguments[0] not in STAGE_COMMANDS:
        return False
    options = {argument.partition("=")[0] for argument in arguments[1:]}
    if options & set(_FOR_A_STAGE):
        return True
    # Most commands do not need this import.
    from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_HOST

    if options & set(_FOR_DJANGO) or environ.get(DATABASE_URL.name) or environ.get(DB_HOST.name):
        return False
    return any((folder / _CONFIGURATION).is_file() for folder in (directory, *directory.parents))
