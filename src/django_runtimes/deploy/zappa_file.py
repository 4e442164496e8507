"""Finds and reads Zappa's settings file, of each kind that Zappa takes."""

import json
from pathlib import Path
from typing import Any

from django_runtimes.cli.toml_file import read_toml
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.zappa import TakenOver, take_over

# In the order in which Zappa 0.63 looks for them. A zappa_settings.py is what Zappa writes into its own archive.
ZAPPA_FILES = ("zappa_settings.json", "zappa_settings.toml", "zappa_settings.yml", "zappa_settings.yaml")
_REMEDY = "name another file by --zappa"


def find_zappa_file(directory: Path) -> Path | None:
    """The file that Zappa would read in this folder; None where there is none."""
    return next((path for name in ZAPPA_FILES if (path := directory / name).is_file()), None)


def read_zappa_file(path: Path) -> TakenOver:
    """What of it goes into webapp.toml; UsageError for a file that Zappa would not take either."""
    settings = _read(path)
    if not isinstance(settings, dict) or not all(isinstance(stage, dict) for stage in settings.values()):
        raise UsageError(f"{path} is not Zappa's: it has no table for each stage; {_REMEDY}")
    try:
        return take_over({str(name): stage for name, stage in settings.items()})
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _read(path: Path) -> Any:
    if path.suffix == ".toml":
        return read_toml(path, remedy=_REMEDY)
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        return yaml.safe_load(text) if path.suffix in {".yml", ".yaml"} else json.loads(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read: {' '.join(str(error).split())}; {_REMEDY}") from None
