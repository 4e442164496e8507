"""Builds the complete environment of a target's processes."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import NO_TLS
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.databases.tls import encrypts
from django_runtimes.config.values.choices import StreamFront
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_HOST,
    DB_PROXY_HOST,
    DB_PROXY_PORT,
)
from django_runtimes.config.variables.database.database_login import DB_PASSWORD, DB_USER
from django_runtimes.config.variables.server_variables import STREAM_FRONT

# Options of a URL that name its server, or that libpq accepts only with TLS.
_REPLACED = frozenset({"host", "hostaddr", "port", "sslrootcert", "sslnegotiation", "channel_binding"})

# The library refuses them beside the route data_api.
_ADDRESSES = frozenset(
    variable.name for variable in (DATABASE_URL, DB_HOST, DB_PASSWORD, DB_PROXY_HOST, DB_PROXY_PORT, DB_USER)
)


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
    """Return the application's variables without the paths, which an image sets itself."""
    return {
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": application.settings_module,
        "DATABASE_URL": database_url,
        # New projects have DEBUG on, which every runtime but `local` refuses, and which would distort the figures.
        "WEBAPP_DEBUG": "0",
        "WEBAPP_SECRET_KEY": secrets.token_urlsafe(50),
        "WEBAPP_ALLOWED_HOSTS": application.host.partition(":")[0],
        "WEBAPP_LOG_LEVEL": "warning",
        "WEBAPP_START_PHASES": "1",
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


def streaming_environ(name: TargetName, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a target's variables with those of the emulated function URL, which takes streams."""
    if name.runtime is not Runtime.AWS_LAMBDA:
        return dict(environ)
    return {STREAM_FRONT.name: StreamFront.FUNCTION_URL.value, **environ}


def data_api_environ(environ: Mapping[str, str], data_api: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with those of the Data API in place of the database's address and login."""
    kept = {name: value for name, value in environ.items() if name not in _ADDRESSES}
    return {**kept, **data_api}


class Listener(Protocol):
    """A server without TLS that stands in front of the database."""

    host: str
    port: int


def proxied_url(database_url: str, proxy: Listener) -> str:
    """Return a DATABASE_URL with the proxy's address and without TLS, which the proxy does not support.

    The address differs from the server's, so other databases on the user's own server still require TLS.
    """
    mode = conninfo_to_dict(database_url).get("sslmode")
    return database_url if mode and not encrypts(str(mode)) else moved_url(database_url, proxy)


def moved_url(database_url: str, listener: Listener) -> str:
    """Return a DATABASE_URL with the listener's address and without TLS."""
    parts = {name: str(value) for name, value in conninfo_to_dict(database_url).items()}
    user, password, name = (quote(parts.pop(part, ""), safe="") for part in ("user", "password", "dbname"))
    login = ":".join(filter(None, [user, password]))
    options = {key: value for key, value in parts.items() if key not in _REPLACED} | {"sslmode": NO_TLS}
    query = urlencode(options, quote_via=quote)
    return f"postgresql://{login}{'@' if login else ''}{listener.host}:{listener.port}/{name}?{query}"
