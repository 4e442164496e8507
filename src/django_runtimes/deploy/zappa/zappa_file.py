"""Finds and reads Zappa's settings file in each format that Zappa supports."""

import json
from pathlib import Path
from typing import Any

from django_runtimes.cli.text_files.toml_file import read_toml
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.zappa.converted_settings import ConvertedSettings, convert_settings

# Zappa 0.63 looks for the files in this order. It writes zappa_settings.py itself, into its archive.
ZAPPA_FILES = ("zappa_settings.json", "zappa_settings.toml", "zappa_settings.yml", "zappa_settings.yaml")
_REMEDY = "name another file with --zappa"


def find_zappa_file(directory: Path) -> Path | None:
    """Return the file that Zappa would read in this folder, or None."""
    return next((path for name in ZAPPA_FILES if (path := directory / name).is_file()), None)


def read_zappa_file(path: Path, chosen: str | None = None) -> ConvertedSettings:
    """Read and convert Zappa's settings, or only the chosen stage's.

    Raise UsageError for a file that Zappa would not accept either, and for a stage that it lacks.
    """
    # `webapp init` finds the file without the packages of the extra `deploy`.
    from django_runtimes.deploy.aws.network.vpc_lookup import vpc_at_hand

    settings = _read(path)
    tables = list(settings.values()) if isinstance(settings, dict) else []
    if not tables or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path} is not a Zappa settings file: it has no table for each stage; {_REMEDY}")
    try:
        stages = {str(name): stage for name, stage in settings.items()}
        return convert_settings(stages, chosen=chosen, find_vpc=vpc_at_hand)
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
