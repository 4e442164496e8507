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
        f"add the extra to the requirement that installs this library, and {how_to_install(extra)}"
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


def how_to_install(*extras: str) -> str:
    """What a user is to do, as the end of a sentence: pip's command, or words where its origin is not known."""
    command = install_command(*extras)
    if command is not None:
        return f"run: {command}"
    names = " and ".join(f"'{extra}'" for extra in extras)
    word = "extra" if len(extras) == 1 else "extras"
    return f"install {_DISTRIBUTION} with its {word} {names} from where this installation came"


def install_command(*extras: str) -> str | None:
    """The command of pip, for the place that this environment has the library from, which direct_url.json tells.

    None where there is no such file: no index has the library, and another project may take its name there.
    """
    # They would cost a cold start 20 ms, and only an error needs them.
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
