"""How an extra of the library is installed beside what is installed here."""

import json
import shlex
import sys
from importlib.metadata import distribution
from urllib.parse import unquote, urlsplit

_DISTRIBUTION = "django-runtimes"


def install_command(extra: str) -> str:
    """The command of pip, for the place that this environment has the library from, which direct_url.json tells."""
    installed = distribution(_DISTRIBUTION)
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
