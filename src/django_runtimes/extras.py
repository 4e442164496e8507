"""Which packages an extra brings, and the one line that names a missing extra and how to install it."""

import importlib.util
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_runtimes.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_DISTRIBUTION = "django-runtimes"

# The packages that a process looks for before it needs them, by the name that is imported.
PACKAGES: Mapping[str, Mapping[str, str]] = {
    "lambda": {"awslambdaric": "awslambdaric", "mangum": "mangum"},
    "server": {
        "gunicorn": "gunicorn",
        "httptools": "httptools",
        "uvicorn": "uvicorn",
        "uvicorn_worker": "uvicorn-worker",
        "uvloop": "uvloop",
    },
    "s3": {"boto3": "boto3", "storages": "django-storages"},
}


def require_extra(extra: str, purpose: str) -> None:
    """ConfigurationError where a package of PACKAGES[extra] is missing; `purpose` is what needs it."""
    for module in PACKAGES[extra]:
        require_module(module, extra, purpose)


def require_module(module: str, extra: str, purpose: str) -> None:
    """ConfigurationError where one module of PACKAGES[extra] is missing; nothing is imported."""
    if importlib.util.find_spec(module) is None:
        raise ConfigurationError(missing_package(purpose, PACKAGES[extra][module], extra))


def missing_package(purpose: str, package: str | None, extra: str) -> str:
    """The one line for a user who lacks an extra: what needs it, and what installs it."""
    return (
        f"{purpose} needs {package}, of the extra [{extra}]; "
        f"add the extra to the requirement that installs this library, and run: {install_command(extra)}"
    )


def is_installed(extra: str) -> bool:
    """Whether all that an extra names is installed here."""
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


def install_command(*extras: str) -> str:
    """The command of pip, for the place that this environment has the library from, which direct_url.json tells."""
    # They would cost a cold start 20 ms, and only an error needs them.
    import json
    from importlib.metadata import distribution
    from urllib.parse import unquote, urlsplit

    installed = distribution(_DISTRIBUTION)
    extra = ",".join(extras)
    name = f"{_DISTRIBUTION}[{extra}]"
    text = installed.read_text("direct_url.json")
    if text is None:
        return _pip(f"{name}=={installed.version}")
    origin = json.loads(text)
    url = origin["url"]
    if origin.get("dir_info", {}).get("editable"):
        return _pip("--editable", f"{unquote(urlsplit(url).path)}[{extra}]")
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
        if "subdirectory" in origin:
            url += f"#subdirectory={origin['subdirectory']}"
    return _pip(f"{name} @ {url}")


def _pip(*arguments: str) -> str:
    import shlex

    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])
