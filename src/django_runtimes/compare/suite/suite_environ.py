"""The variables that a project's suite runs with: the shell's, but for those that decide how the library runs it."""

from collections.abc import Mapping

from django_runtimes.config.runtimes.runtime import Runtime

# Nothing is signed with it that outlives a test.
_SECRET_KEY = "only-for-the-tests-of-this-project-" + "0123456789" * 3
_OWN_HOSTS = ("testserver", "localhost", "127.0.0.1", "[::1]")
_LEFT_OUT_PREFIXES = ("WEBAPP_", "AWS_LAMBDA_")
# What would tell a runtime, or lead libpq past the address in DATABASE_URL.
_LEFT_OUT = frozenset(
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
    """Those for one runtime: its strategy on the direct route, without HTTPS in front, DEBUG off.

    `own` are the project's own variables. Migrations and the clones of parallel tests need the direct route.
    """
    kept = {
        name: value
        for name, value in shell.items()
        if name not in _LEFT_OUT and not name.startswith(_LEFT_OUT_PREFIXES)
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
    """WEBAPP_ALLOWED_HOSTS where the settings allow no host beyond this machine, which a runtime would refuse.

    Django's test runner adds the host of its client itself.
    """
    if set(allowed) - {*_OWN_HOSTS, ".localhost"}:
        return {}
    return {"WEBAPP_ALLOWED_HOSTS": ",".join(dict.fromkeys((*_OWN_HOSTS, *allowed)))}
