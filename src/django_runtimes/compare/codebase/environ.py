"""Builds the complete environment of a target's processes."""

import os
import secrets
from pathlib import Path

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application


def application_environ(application: Application, *, database_url: str, static_root: Path) -> dict[str, str]:
    """Return the variables that the application needs under every runtime, with a new secret key."""
    environ = {
        **image_environ(application, database_url=database_url),
        "PATH": os.environ.get("PATH", os.defpath),
        "WEBAPP_STATIC_ROOT": str(static_root),
    }
    if application.python_path is not None:
        environ["PYTHONPATH"] = str(application.python_path)
    return environ


def image_environ(application: Application, *, database_url: str) -> dict[str, str]:
    """Return the same variables without paths, for an image, which sets its own."""
    return {
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": application.settings_module,
        "DATABASE_URL": database_url,
        # New projects have DEBUG on, which every runtime but `local` refuses, and which would distort the figures.
        "WEBAPP_DEBUG": "0",
        "WEBAPP_SECRET_KEY": secrets.token_urlsafe(50),
        "WEBAPP_ALLOWED_HOSTS": application.host.partition(":")[0],
        "WEBAPP_LOG_LEVEL": "warning",
    }


def target_environ(name: TargetName, application_environ: dict[str, str], proxy: PgBouncer | None) -> dict[str, str]:
    """Return the application's variables with the target's runtime, strategy and route."""
    environ = {
        **application_environ,
        "WEBAPP_RUNTIME": name.runtime.value,
        "WEBAPP_DB_STRATEGY": name.strategy.value,
        "WEBAPP_DB_ROUTE": name.route.value,
    }
    if proxy is not None:
        environ |= {"WEBAPP_DB_PROXY_HOST": proxy.host, "WEBAPP_DB_PROXY_PORT": str(proxy.port)}
    return environ
