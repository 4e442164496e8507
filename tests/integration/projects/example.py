"""A copy of one of the projects in tests/projects, and the commands that its owner types."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.secret_key import SECRET_KEY

_PROJECTS = Path(__file__).parents[2] / "projects"
# What a runtime outside `local` requires.
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
        """A fresh copy of the project `name`."""
        folder = into / name
        shutil.copytree(_PROJECTS / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
        return cls(folder, database_url, variables)

    def environ(self, runtime: str | None, **more: str) -> dict[str, str]:
        """The variables on a runtime; without one those of the project alone, as before it was adopted."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        if runtime is not None:
            environ |= REQUIRED | {"WEBAPP_RUNTIME": runtime, "DATABASE_URL": self.database_url}
        return environ | self.variables | more

    def manage(self, *arguments: str) -> str:
        """`python manage.py …`, as before the project was adopted."""
        return self._run([self.python, "manage.py", *arguments], self.environ(None))

    def webapp(self, *arguments: str, runtime: str | None = None) -> str:
        """What the command `webapp` prints in the project's folder, and then its standard error."""
        return self._run([self.python, "-m", "django_runtimes", *arguments], self.environ(runtime))

    def replies(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        """What a function answers to events, one after the other."""
        named = {"DJANGO_SETTINGS_MODULE": self.settings_module, "PYTHONPATH": str(self.folder)}
        environ = self.environ("aws_lambda", **named)
        output = self._run([self.python, "-c", _SERVE_EVENTS], environ, given=json.dumps(events))
        replies: list[dict[str, Any]] = json.loads(next(line for line in output.splitlines() if line.startswith("[{")))
        return replies

    @property
    def settings_module(self) -> str:
        """What the block names."""
        (line,) = [line for line in self.read("pyproject.toml").splitlines() if line.startswith("settings = ")]
        return line.partition(" = ")[2].strip('"')

    def read(self, name: str) -> str:
        """The text of one file."""
        return (self.folder / name).read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Every file and its content."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    def _run(self, command: list[str], environ: dict[str, str], *, given: str = "") -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=environ, input=given, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr
