"""Extends Django's `check` with `--explain`, `--snapshot` and a check that the settings call `configure()`."""

import os
import sys
from collections.abc import Mapping, Sequence

from django_runtimes.adopt.process_variables import PartialVariables
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.mistakes import Mistakes
from django_runtimes.config.variables.database.database_address import DATABASE_URL
from django_runtimes.extras import require_extra

_OPTION = "--explain"
_SNAPSHOT = "--snapshot"
# The cli imports nothing of the application; this module runs as a process of its own.
_EXAMINATION = "django_runtimes.entrypoints.snapshots.examination.snapshot_examination"


def before_check(arguments: Sequence[str]) -> list[str]:
    """Load the settings, print the changes of `configure()` with --explain, and return the arguments for Django.

    With --snapshot, exit with 1 if restored environments would share anything.

    ConfigurationError, with all mistakes, for invalid variables and settings, and if the settings do not call
    `configure()` or lack its changes.
    """
    if {"--help", "-h"} & set(arguments):
        sys.stdout.write(
            f"{_OPTION}   list every setting that configure() added or changed, with the reason\n"
            f"{_SNAPSHOT}  take the application to the point of SnapStart's snapshot, and list what restored "
            "environments would share\n\n"
        )
        return [argument for argument in arguments if argument not in (_OPTION, _SNAPSHOT)]
    from django.conf import settings

    from django_runtimes.adopt.after_call import unchecked_mistakes
    from django_runtimes.adopt.configure import require_call

    mistakes = _unreadable_variables()
    try:
        # The first access to a setting loads all of them.
        call = require_call(settings, settings.SETTINGS_MODULE)
    except ConfigurationError as error:
        mistakes.add(error)
    except Exception:
        # The project's own code may fail because of an invalid variable.
        mistakes.raise_together()
        raise
    else:
        for text in unchecked_mistakes(call):
            mistakes.add(ConfigurationError(text))
    mistakes.raise_together()
    if _OPTION in arguments:
        from django_runtimes.adopt.explanation import explain

        sys.stdout.write(explain(call) + "\n")
    if _SNAPSHOT in arguments and (exit_code := _examine_snapshot()):
        raise SystemExit(exit_code)
    return [argument for argument in arguments if argument not in (_OPTION, _SNAPSHOT)]


def _examine_snapshot() -> int:
    """Run the examination in a process in which nothing else is loaded, with a folder for its temporary files."""
    import subprocess
    import tempfile

    require_extra("lambda", f"check {_SNAPSHOT}")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "TMPDIR": folder, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        return subprocess.run([sys.executable, "-m", _EXAMINATION], env=environ, check=False).returncode


def _unreadable_variables() -> Mistakes:
    """Return the errors of all invalid variables of the table, even of those that affect no setting."""
    mistakes = Mistakes()
    environ: Mapping[str, str] = os.environ
    with mistakes.collected():
        if PartialVariables(environ).is_local:
            # The project may read DATABASE_URL itself; configure() decides whether it applies.
            environ = {name: value for name, value in environ.items() if name != DATABASE_URL.name}
    for error in Environment(environ).mistakes():
        mistakes.add(error)
    return mistakes
