"""The variables that a target's processes start with, and nothing else."""

import os
import secrets
from pathlib import Path

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application


def application_environ(application: Application, *, database_url: str, static_root: Path) -> dict[str, str]:
    """What the application needs under every runtime, with a secret key of its own."""
    environ = {
        **image_environ(application, database_url=database_url),
        "PATH": os.environ.get("PATH", os.defpath),
        "WEBAPP_STATIC_ROOT": str(static_root),
    }
    if application.python_path is not None:
        environ["PYTHONPATH"] = str(application.python_path)
    return environ


def image_environ(application: Application, *, database_url: str) -> dict[str, str]:
    """The same where an image holds the application: it knows its paths itself."""
    return {
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": application.settings_module,
        "DATABASE_URL": database_url,
        # A project of the first day has it on, which every runtime but `local` refuses, and its figures would mislead.
        "WEBAPP_DEBUG": "0",
        "WEBAPP_SECRET_KEY": secrets.token_urlsafe(50),
        "WEBAPP_ALLOWED_HOSTS": application.host.partition(":")[0],
        "WEBAPP_LOG_LEVEL": "warning",
    }


def target_environ(name: TargetName, application_environ: dict[str, str], proxy: PgBouncer | None) -> dict[str, str]:
    """The same with the target's runtime, strategy and route declared."""
    environ = {
        **application_environ,
        "WEBAPP_RUNTIME": name.runtime.value,
        "WEBAPP_DB_STRATEGY": name.strategy.value,
        "WEBAPP_DB_ROUTE": name.route.value,
    }
    if proxy is not None:
        environ |= {"WEBAPP_DB_PROXY_HOST": proxy.host, "WEBAPP_DB_PROXY_PORT": str(proxy.port)}
    return environ
