"""Builds the environments of processes: the stack's variables, then the overlay's, then the image's."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django_runtimes.cli import processes

_CHECKOUT = Path(__file__).parents[4]


class Variables:
    """Builds the environment of each process from the variables that all processes share."""

    def __init__(self, directory: Path, overlay: Mapping[str, str | None], endpoint: str) -> None:
        self._directory = directory
        self._overlay = overlay
        self._static = directory / "static"
        self._image = {
            "LANG": "C.UTF-8",
            "PATH": os.environ.get("PATH", os.defpath),
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "WEBAPP_STATIC_ROOT": str(self._static),
            "WEBAPP_MEDIA_ROOT": str(directory / "media"),
        }
        # The role's keys; on AWS each platform supplies them in its own way.
        self._role = {
            "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_SESSION_TOKEN": "example",
            "AWS_ENDPOINT_URL": endpoint,
        }

    def of(self, declared: Mapping[str, str], contents: Mapping[str, Any]) -> dict[str, str]:
        """Return the environment of a process with these declared variables and this image's contents."""
        self._collect_static()
        path = [str(_CHECKOUT / "src")]
        if contents["python_path"] is not None:
            path.insert(0, contents["python_path"])
        variables = {**self._image, **self._role, **declared, **self._overlay, "PYTHONPATH": os.pathsep.join(path)}
        variables |= contents["variables"]
        return {name: value for name, value in variables.items() if value is not None}

    def _collect_static(self) -> None:
        """Collect the static files, as the image's build does."""
        if self._static.exists():
            return
        collected = subprocess.run(
            processes.bound_to_parent([sys.executable, "-m", "webapp", "collectstatic", "--no-input"]),
            env={
                **self._image,
                "PYTHONPATH": str(_CHECKOUT / "src"),
                "DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing",
                "WEBAPP_RUNTIME": "local",
            },
            cwd=self._directory,
            capture_output=True,
            check=False,
        )
        if collected.returncode != 0:
            raise RuntimeError(f"collectstatic failed: {collected.stderr.decode(errors='replace')}")
