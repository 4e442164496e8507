"""Takes the application to the point of the snapshot, and reports what restored environments would share.

`webapp check --snapshot` runs this module as a process of its own, in which nothing else is loaded.
"""

import gc
import logging
import os
import sys
from collections.abc import Mapping

from django_runtimes.entrypoints.snapshots.examination.drawn_randoms import DrawnRandoms
from django_runtimes.entrypoints.snapshots.examination.open_files import open_descriptors, shared_files
from django_runtimes.entrypoints.snapshots.examination.secret_places import shared_secrets
from django_runtimes.entrypoints.snapshots.examination.shared_thing import SharedThing

_INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
_WEB_HANDLER = "django_runtimes.entrypoints.aws_lambda.handler"
_EXIT_SHARED, _EXIT_CONFIGURATION = 1, 78
_PAGE = "start its database, or name other pages in WEBAPP_SNAPSHOT_PATHS"
_END_THREAD = "end it in a function with @django_runtimes.before_snapshot, and start it after the restore"


def main() -> int:
    """Print the report, one line for each finding and each page that failed.

    Returns 1 if there is such a line, and 78 for invalid variables.
    """
    # The pages may log long tracebacks, for example without a database.
    logging.disable()
    os.environ[_INITIALIZATION] = "snap-start"
    # No Runtime API answers here.
    os.environ.pop("AWS_LAMBDA_RUNTIME_API", None)
    inherited = open_descriptors()
    draws = DrawnRandoms()
    from django_runtimes.config.configuration_error import ConfigurationError
    from django_runtimes.entrypoints.named_module import import_named

    name = os.environ.get("_HANDLER") or _WEB_HANDLER
    try:
        import_named(name.rpartition(".")[0].replace("/", "."), named_by=f"the handler {name!r}")
    except ConfigurationError as error:
        sys.stderr.write(f"webapp: {error}\n")
        return _EXIT_CONFIGURATION
    from django_runtimes.entrypoints.snapshots.warm_requests import failed_pages

    found = _shared(draws, inherited)
    for thing in found:
        sys.stdout.write(f"{thing}\n")
    for path, status in failed_pages.items():
        sys.stdout.write(f"page: {path} answered {status}, so what it leaves in the process is not known; {_PAGE}\n")
    sys.stdout.write(f"{_count(len(found))} would be shared by all environments restored from this snapshot\n")
    return _EXIT_SHARED if found or failed_pages else 0


def _shared(draws: DrawnRandoms, inherited: set[int]) -> list[SharedThing]:
    import snapshot_restore_py

    from django_runtimes.entrypoints.snapshots.idle_threads import other_threads

    for hook, arguments, options in reversed(snapshot_restore_py.get_before_snapshot()):
        hook(*arguments, **options)
    gc.unfreeze()
    gc.collect()
    threads = [SharedThing("thread", each, _END_THREAD) for each in other_threads()]
    return [*shared_files(inherited), *threads, *shared_secrets(_secrets()), *draws.shared()]


def _secrets() -> Mapping[str, str]:
    """Return the secrets of the process by the names of their variables and settings."""
    from django.conf import settings

    from django_runtimes.aws.secret_variables import stored_references
    from django_runtimes.config.environment import Environment
    from django_runtimes.config.variables.table import VARIABLES

    names = {each.name for each in VARIABLES if each.is_secret} | set(stored_references(Environment(os.environ)))
    found = {name: os.environ[name] for name in sorted(names) if os.environ.get(name)}
    found |= {"SECRET_KEY": str(settings.SECRET_KEY)} if settings.SECRET_KEY else {}
    for alias, database in settings.DATABASES.items():
        if password := database.get("PASSWORD"):
            found[f"the password of the database {alias!r}"] = str(password)
    # Several names may have one value; the first one is reported.
    return found


def _count(number: int) -> str:
    if number == 0:
        return "Nothing"
    return "1 thing" if number == 1 else f"{number} things"


if __name__ == "__main__":
    raise SystemExit(main())
