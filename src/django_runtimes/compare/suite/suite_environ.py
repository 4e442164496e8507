"""Builds a suite's environment from the shell's, without the variables that configure the library."""

from collections.abc import Mapping

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.file_variables import STATIC_MANIFEST

# Signatures with this public key do not outlive a test.
_SECRET_KEY = "only-for-the-tests-of-this-project-" + "0123456789" * 3
_OWN_HOSTS = ("testserver", "localhost", "127.0.0.1", "[::1]")
_EXCLUDED_PREFIXES = ("WEBAPP_", "AWS_LAMBDA_")
# Variables that would set a runtime, or make libpq ignore the address in DATABASE_URL.
_EXCLUDED = frozenset(
    {
        "_HANDLER",
        "AWS_EXECUTION_ENV",
        "DATABASE_URL",
        "GUNICORN_CMD_ARGS",
        "LAMBDA_TASK_ROOT",
        "PGHOSTADDR",
        "PGOPTIONS",
        "PGSERVICE",
        "PGSERVICEFILE",
        "PORT",
    }
)


def suite_environ(
    shell: Mapping[str, str], own: Mapping[str, str], *, settings: str, database_url: str, runtime: Runtime
) -> dict[str, str]:
    """Return the environment for one runtime: its strategy on the direct route, without HTTPS and DEBUG.

    `own` are the project's own variables. Migrations and the database clones of parallel tests need the direct route.
    """
    kept = {
        name: value
        for name, value in shell.items()
        if name not in _EXCLUDED and not name.startswith(_EXCLUDED_PREFIXES)
    }
    return {
        **kept,
        **own,
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": database_url,
        "WEBAPP_RUNTIME": runtime.value,
        "WEBAPP_DB_ROUTE": "direct",
        "WEBAPP_DEBUG": "0",
        "WEBAPP_HTTPS": "0",
        "WEBAPP_SECRET_KEY": _SECRET_KEY,
    }


def hosts_for_tests(allowed: tuple[str, ...]) -> dict[str, str]:
    """Return WEBAPP_ALLOWED_HOSTS if the settings allow only hosts of this machine, which a runtime would refuse.

    Django's test runner adds the host of its client itself.
    """
    if set(allowed) - {*_OWN_HOSTS, ".localhost"}:
        return {}
    return {"WEBAPP_ALLOWED_HOSTS": ",".join(dict.fromkeys((*_OWN_HOSTS, *allowed)))}


def static_files_for_tests(settings: LoadedSettings) -> dict[str, str]:
    """Return WEBAPP_STATIC_MANIFEST=0 if every URL of a static file would need what collectstatic writes.

    Django's documentation recommends the plain storage for tests.
    """
    return {STATIC_MANIFEST.name: "0"} if settings.hashes_static_files else {}
