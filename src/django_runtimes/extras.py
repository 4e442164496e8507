"""Lists the packages of extras, and explains how to install a missing extra."""

import importlib.util
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_runtimes.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_DISTRIBUTION = "django-runtimes"

# The packages that a process checks for in advance, by the name of the imported module.
PACKAGES: Mapping[str, Mapping[str, str]] = {
    "lambda": {"awslambdaric": "awslambdaric", "mangum": "mangum"},
    "server": {
        "gunicorn": "gunicorn",
        "httptools": "httptools",
        "uvicorn": "uvicorn",
        "uvicorn_worker": "uvicorn-worker",
        "uvloop": "uvloop",
    },
    "mssql": {"mssql": "mssql-django", "mssql_python_odbc": "mssql-python-odbc", "pyodbc": "pyodbc"},
    "mysql": {"pymysql": "pymysql"},
    "oracle": {"oracledb": "oracledb"},
    "redis": {"redis": "redis"},
    "s3": {"boto3": "boto3", "storages": "django-storages"},
    "traces": {
        "opentelemetry.sdk": "opentelemetry-sdk",
        "opentelemetry.exporter.otlp.proto.http": "opentelemetry-exporter-otlp-proto-http",
        "opentelemetry.instrumentation.asgi": "opentelemetry-instrumentation-asgi",
        "opentelemetry.instrumentation.django": "opentelemetry-instrumentation-django",
        "opentelemetry.instrumentation.psycopg": "opentelemetry-instrumentation-psycopg",
        "opentelemetry.propagators.aws": "opentelemetry-propagator-aws-xray",
    },
}

# What needs the extras with drivers.
NEEDED_BY: Mapping[str, str] = {
    "mssql": "SQL Server in DATABASES",
    "mysql": "MySQL or MariaDB in DATABASES",
    "oracle": "Oracle in DATABASES",
}


def require_extra(extra: str, purpose: str) -> None:
    """Raise ConfigurationError if a package of PACKAGES[extra] is missing; `purpose` is the feature that needs it."""
    for module in PACKAGES[extra]:
        require_module(module, extra, purpose)


def require_module(module: str, extra: str, purpose: str) -> None:
    """Raise ConfigurationError if a module of PACKAGES[extra] is missing; only packages above it are imported."""
    try:
        is_missing = importlib.util.find_spec(module) is None
    except ModuleNotFoundError:
        is_missing = True
    if is_missing:
        raise ConfigurationError(missing_package(purpose, PACKAGES[extra][module], extra))


def missing_package(purpose: str, package: str | None, extra: str) -> str:
    """Return the error for a missing extra: the feature that needs it, and the command that installs it."""
    return (
        f"{purpose} needs {package}, of the extra [{extra}]; "
        f"add the extra to the requirement that installs this library, and {how_to_install(extra)}"
    )


def is_installed(extra: str) -> bool:
    """Return whether all packages of an extra are installed."""
    from importlib.metadata import distribution

    from packaging.requirements import Requirement

    needed = (Requirement(text) for text in distribution(_DISTRIBUTION).requires or [])
    return all(_has(need) for need in needed if need.marker is not None and need.marker.evaluate({"extra": extra}))


def _has(need: "Requirement") -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(need.name)
    except PackageNotFoundError:
        return False
    return True


def how_to_install(*extras: str) -> str:
    """Return the remedy as the end of a sentence: pip's command, or a description if the origin is unknown."""
    command = install_command(*extras)
    if command is not None:
        return f"run: {command}"
    names = " and ".join(f"'{extra}'" for extra in extras)
    word = "extra" if len(extras) == 1 else "extras"
    return f"install {_DISTRIBUTION} with its {word} {names} from this installation's origin"


def install_command(*extras: str) -> str | None:
    """Return pip's command to install the library with extras from its origin, which direct_url.json records.

    Return None without that file: no index has the library, and a package of that name there would be another
    project's.
    """
    # Only an error needs these imports, which would add 20 ms to a cold start.
    import json
    from importlib.metadata import distribution
    from urllib.parse import unquote, urlsplit

    text = distribution(_DISTRIBUTION).read_text("direct_url.json")
    if text is None:
        return None
    extra = ",".join(extras)
    origin = json.loads(text)
    url = origin["url"]
    if origin.get("dir_info", {}).get("editable"):
        return _pip("--editable", f"{unquote(urlsplit(url).path)}[{extra}]")
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
        if "subdirectory" in origin:
            url += f"#subdirectory={origin['subdirectory']}"
    return _pip(f"{_DISTRIBUTION}[{extra}] @ {url}")


def _pip(*arguments: str) -> str:
    import shlex

    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])
