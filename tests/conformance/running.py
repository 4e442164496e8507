"""Runs Django's suites under one settings module, in a process of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.conformance.suites import PLACE
from webapp.compare.processes import spawn, stop

_ROOT = Path(__file__).parents[2]
# What a suite hangs for at most; all labels take a fraction of it.
_TIMEOUT_S = 3000.0
# Of the caller's: they would configure libpq, or a Django that is not under test.
_PREFIXES = ("PG", "WEBAPP_", "AWS_", "DJANGO_", "DATABASE_", "CONFORMANCE_")


class RunError(Exception):
    """A suite has not come to its end."""


class SuiteRun:
    """One process of runtests.py, which has begun."""

    def __init__(self, suites: Path, settings: str, labels: Iterable[str], postgresql: str | None) -> None:
        results = PLACE / "results"
        results.mkdir(exist_ok=True)
        self.settings = settings
        self.log = results / f"{settings}.log"
        self._outcomes = results / f"{settings}.json"
        self._outcomes.unlink(missing_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
        environ |= {
            # The project before Django's `tests`, whose own directory runtests.py puts first.
            "PYTHONPATH": os.pathsep.join((str(_ROOT), str(_ROOT / "src"))),
            "CONFORMANCE_OUTCOMES": str(self._outcomes),
            "CONFORMANCE_DATABASE": settings,
        }
        if postgresql is not None:
            environ["CONFORMANCE_POSTGRESQL"] = postgresql
        options = ["--settings", f"tests.conformance.settings.{settings}", "--parallel=1", "--noinput"]
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "runtests.py", *options, *labels]
        self._process = spawn(command, environ=environ, log=self.log, directory=suites)

    def outcomes(self) -> dict[str, str]:
        """The outcome of each test, once all are through; RunError when they are not."""
        try:
            self._process.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise RunError(f"{self.settings}: not through after {_TIMEOUT_S:.0f} s; see {self.log}") from None
        finally:
            self.end()
        if not self._outcomes.exists():
            last = self.log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise RunError(f"{self.settings}: no test has run: {last}; see {self.log}")
        outcomes: dict[str, str] = json.loads(self._outcomes.read_text())
        return outcomes

    def end(self) -> None:
        """Leave no process behind."""
        stop(self._process)
