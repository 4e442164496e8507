"""Copies a project of tests/projects, and runs the commands of its owner."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.compare.comparison import MAIN, PATIENT
from tests.secret_key import SECRET_KEY

_PROJECTS = Path(__file__).parents[2] / "projects"
# Every example project.
NAMES = sorted(folder.name for folder in _PROJECTS.iterdir())
# The variables that a runtime other than `local` requires.
REQUIRED = {
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "shop.example",
    "WEBAPP_DB_ROUTE": "direct",
    "WEBAPP_DRAIN_S": "0",
}
_SERVE_EVENTS = """\
import json, sys
from types import SimpleNamespace
from django_runtimes.entrypoints.aws_lambda import handler

context = SimpleNamespace(aws_request_id="1", function_name="web", memory_limit_in_mb="512")
print(json.dumps([handler(event, context) for event in json.load(sys.stdin)]))
"""


@dataclass(frozen=True)
class Example:
    """A project's folder, its database's URL, the variables that the project itself reads, and its Python."""

    folder: Path
    database_url: str
    variables: dict[str, str]
    python: str = sys.executable

    @classmethod
    def copied(cls, name: str, into: Path, *, database_url: str, variables: dict[str, str]) -> "Example":
        """Copy the project `name` into a folder."""
        folder = into / name
        shutil.copytree(_PROJECTS / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
        return cls(folder, database_url, variables)

    def environ(self, runtime: str | None, **more: str) -> dict[str, str]:
        """Return the variables for a runtime, or without one only the project's own, as before its adoption."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        if runtime is not None:
            environ |= REQUIRED | {"WEBAPP_RUNTIME": runtime, "DATABASE_URL": self.database_url}
        return environ | self.variables | more

    def manage(self, *arguments: str) -> str:
        """Run `python manage.py …`, as before the project's adoption."""
        return self._run([self.python, "manage.py", *arguments], self.environ(None))

    def webapp(self, *arguments: str, runtime: str | None = None) -> str:
        """Run `webapp` in the project's folder, and return its standard output and error."""
        program = ["-c", f"{PATIENT}{MAIN}"] if arguments[0] == "compare" else ["-m", "django_runtimes"]
        return self._run([self.python, *program, *arguments], self.environ(runtime))

    def replies(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a function's replies to events, which it gets in sequence."""
        named = {"DJANGO_SETTINGS_MODULE": self.settings_module, "PYTHONPATH": str(self.folder)}
        environ = self.environ("aws_lambda", **named)
        output = self._run([self.python, "-c", _SERVE_EVENTS], environ, given=json.dumps(events))
        replies: list[dict[str, Any]] = json.loads(next(line for line in output.splitlines() if line.startswith("[{")))
        return replies

    @property
    def settings_module(self) -> str:
        """The settings module that [tool.webapp] names."""
        (line,) = [line for line in self.read("pyproject.toml").splitlines() if line.startswith("settings = ")]
        return line.partition(" = ")[2].strip('"')

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.folder / name).read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Return the content of every file by its path."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    def _run(self, command: list[str], environ: dict[str, str], *, given: str = "") -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=environ, input=given, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr
