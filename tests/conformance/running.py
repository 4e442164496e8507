"""Runs Django's suites with one settings module in a separate process."""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from django_runtimes.cli.processes import spawn, stop
from tests.conformance.ending import Ending, Endings
from tests.conformance.suites import PLACE

_ROOT = Path(__file__).parents[2]
# Even on a busy machine, the longest test and the creation of all databases take only a fraction of this time.
STALLED_S = 180.0
# faulthandler writes this after the dots of the earlier tests.
_STALLED = re.compile(r"Timeout \(\d+:\d\d:\d\d(\.\d+)?\)!$", re.MULTILINE)
# The caller's variables with these prefixes would change libpq or Django.
_PREFIXES = ("PG", "WEBAPP_", "AWS_", "DJANGO_", "DATABASE_", "CONFORMANCE_")

_NO_SERVERS: Mapping[str, str] = {}


class RunError(Exception):
    """A suite did not run to its end."""


class SuiteRun:
    """A running process of runtests.py."""

    def __init__(
        self,
        suites: Path,
        settings: str,
        labels: Iterable[str],
        servers: Mapping[str, str] = _NO_SERVERS,
        *,
        results: Path = PLACE / "results",
        stalled_s: float = STALLED_S,
    ) -> None:
        results.mkdir(exist_ok=True)
        self.settings = settings
        self.log = results / f"{settings}.log"
        self._stalled_s = stalled_s
        self._endings, self._progress = (results / f"{settings}.{suffix}" for suffix in ("json", "progress"))
        self._endings.unlink(missing_ok=True)
        self._progress.unlink(missing_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
        environ |= {
            # This project's `tests` must precede Django's, whose folder runtests.py puts first on the path.
            "PYTHONPATH": os.pathsep.join((str(_ROOT), str(_ROOT / "src"))),
            "CONFORMANCE_ENDINGS": str(self._endings),
            "CONFORMANCE_PROGRESS": str(self._progress),
            "CONFORMANCE_STALLED_S": str(stalled_s),
            "CONFORMANCE_DATABASE": settings,
            **servers,
        }
        options = ["--settings", f"tests.conformance.settings.{settings}", "--parallel=1", "--noinput"]
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "runtests.py", *options, *labels]
        self._process = spawn(command, environ=environ, log=self.log, directory=suites)

    def endings(self) -> Endings:
        """Wait for the run, and return the ending of each test; raise RunError if it did not finish."""
        try:
            status = self._process.wait()
        finally:
            self.end()
        if self._endings.exists():
            found = json.loads(self._endings.read_text())
            return {test: Ending(ending["word"], tuple(ending["causes"])) for test, ending in found.items()}
        log = self.log.read_text(errors="replace")
        where = self._progress.read_text() if self._progress.exists() else "before the first test"
        if _STALLED.search(log):
            raise RunError(
                f"{self.settings}: no progress for {self._stalled_s:g} s {where}; "
                f"the stacks of its threads are at the end of {self.log}"
            )
        last = log.strip().rpartition("\n")[2]
        raise RunError(f"{self.settings}: ended with status {status} {where}: {last}; see {self.log}")

    def end(self) -> None:
        """Stop the process if it still runs."""
        stop(self._process)
