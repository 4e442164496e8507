"""Runs `webapp init` as a process."""

import os
import subprocess
import sys
from pathlib import Path


def init(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "django_runtimes", "init", *arguments],
        cwd=directory,
        env={**{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)
    return directory
