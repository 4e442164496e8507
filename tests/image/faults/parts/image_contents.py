"""The contents of an image: all files of its layers, including hidden ones, its configuration and its history."""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from tests.image.podman import podman

_SETUID_OR_SETGID = 0o6000
_WRITABLE_BY_ALL = 0o002
_STICKY = 0o1000

_SECRET = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    rb"|https?://[^/\s:@\"'<>{}]+:[^/\s:@\"'<>{}]+@"
    rb"|\bgh[pousr]_[A-Za-z0-9]{36}"
    rb"|\bxox[baprs]-[0-9A-Za-z-]{10,}"
)
_SECRET_FILE = re.compile(
    r"(^|/)(\.env(\..*)?|\.netrc|\.pypirc|\.pgpass|pip\.conf|id_[a-z0-9]+|\.aws/credentials|\.git)(/|$)"
)
_SECRET_VARIABLE = re.compile(r"\b[A-Z_]*(SECRET|PASSWORD|TOKEN|CREDENTIAL|PRIVATE|API_KEY)[A-Z_]*=\S")
# Placeholders in the documentation of libraries, which are not real secrets.
_EXAMPLES = re.compile(rb"EXAMPLE\b|//username:password@|//\*\*\*:\*\*\*@")
_EXAMPLE_FILES = ("botocore/data/iam/2010-05-08/examples-1.json",)


@dataclass
class Contents:
    """Findings in the layers above the base image, each with its path."""

    files: int
    secrets: list[str]
    privileged: list[str]
    writable_by_all: list[str]


def contents_of(image: str, base_image: str) -> Contents:
    """Examine every layer that the base image lacks, including files that a later layer hides."""
    inherited = json.loads(podman("image", "inspect", "--format", "{{json .RootFS.Layers}}", base_image))
    found = Contents(0, history_secrets(image), [], [])
    with TemporaryDirectory() as name:
        directory = Path(name, "image")
        podman("save", "--quiet", "--format", "docker-dir", "--output", str(directory), image)
        for layer in json.loads((directory / "manifest.json").read_text())["layers"]:
            if layer["digest"] not in inherited:
                with (directory / layer["digest"].partition(":")[2]).open("rb") as archive:
                    look_into(archive, found)
    return found


def look_into(archive: IO[bytes], found: Contents) -> None:
    """Add the findings of one layer, which is a tar archive."""
    with tarfile.open(fileobj=archive) as layer:
        for entry in layer:
            if entry.mode & _SETUID_OR_SETGID and not entry.isdir():
                found.privileged.append(entry.name)
            if entry.mode & _WRITABLE_BY_ALL and not entry.issym() and not entry.mode & _STICKY:
                found.writable_by_all.append(entry.name)
            if _SECRET_FILE.search(entry.name):
                found.secrets.append(entry.name)
            if entry.isfile() and (content := layer.extractfile(entry)) is not None:
                found.files += 1
                found.secrets += [f"{entry.name}: {text!r}" for text in _secrets(entry.name, content.read())]


def history_secrets(image: str) -> list[str]:
    """Return the build steps and variables that contain a secret's value."""
    history = json.loads(podman("history", "--no-trunc", "--format", "json", image))
    variables = json.loads(podman("image", "inspect", "--format", "{{json .Config.Env}}", image))
    return [line for line in [*(step["CreatedBy"] for step in history), *variables] if _SECRET_VARIABLE.search(line)]


def _secrets(name: str, content: bytes) -> Iterator[bytes]:
    if name.endswith(_EXAMPLE_FILES):
        return
    for match in _SECRET.finditer(content):
        if not _EXAMPLES.search(match.group()):
            yield match.group()
