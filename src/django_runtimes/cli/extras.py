"""How an extra of the library is installed beside what is installed here."""

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement

_DISTRIBUTION = "django-runtimes"


def is_installed(extra: str) -> bool:
    """Whether all that an extra names is installed here."""
    needed = (Requirement(text) for text in distribution(_DISTRIBUTION).requires or [])
    return all(_has(need) for need in needed if need.marker is not None and need.marker.evaluate({"extra": extra}))


def _has(need: Requirement) -> bool:
    try:
        distribution(need.name)
    except PackageNotFoundError:
        return False
    return True


def install_command(*extras: str) -> str:
    """The command of pip, for the place that this environment has the library from, which direct_url.json tells."""
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
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])
