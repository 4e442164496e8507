"""A test runner of Django that also writes each test's ending to a file, and exits when the run stalls."""

import faulthandler
import json
import os
import unittest
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.test.runner import DiscoverRunner

from tests.conformance.ending import Ending

ENDINGS_FILE = "CONFORMANCE_ENDINGS"
PROGRESS_FILE = "CONFORMANCE_PROGRESS"
STALLED_S = "CONFORMANCE_STALLED_S"

# The text that is compared with a list is near the beginning; a page of HTML may follow.
_LONGEST_CAUSE = 4000
_STDERR = 2


class RecordingRunner(DiscoverRunner):
    """Writes a JSON object of endings by test to the file in CONFORMANCE_ENDINGS.

    The file in CONFORMANCE_PROGRESS holds the current test. After CONFORMANCE_STALLED_S seconds without progress the
    runner prints every thread's stack and exits.
    """

    after_test: Callable[[], None] = staticmethod(lambda: None)

    def build_suite(self, *args: Any, **kwargs: Any) -> Any:
        """Build the suite as Django does."""
        _note_progress("before the first test")
        return super().build_suite(*args, **kwargs)

    def get_resultclass(self) -> type[unittest.TestResult]:
        """Return Django's result class, extended to record endings."""
        base = super().get_resultclass() or unittest.TextTestResult
        return type("RecordingResult", (_Recording, base), {"after_test": staticmethod(self.after_test)})

    def run_suite(self, suite: Any, **kwargs: Any) -> Any:
        """Run the suite, then write the endings."""
        result = super().run_suite(suite, **kwargs)
        endings = {test: asdict(ending) for test, ending in result.endings.items()}
        Path(os.environ[ENDINGS_FILE]).write_text(json.dumps(endings, indent=0, sort_keys=True))
        _note_progress("after the last test")
        return result


class _Recording:
    after_test: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.endings: dict[str, Ending] = {}

    def startTest(self, test: Any) -> None:  # noqa: N802
        _note_progress(f"in {test.id()}")
        super().startTest(test)  # type: ignore[misc]

    def stopTest(self, test: Any) -> None:  # noqa: N802
        super().stopTest(test)  # type: ignore[misc]
        self.after_test()
        _note_progress(f"after {test.id()}")

    def addSuccess(self, test: Any) -> None:  # noqa: N802
        super().addSuccess(test)  # type: ignore[misc]
        self.endings.setdefault(test.id(), Ending("passed"))

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addError(test, err)  # type: ignore[misc]
        self._note_failure(test, _cause(err))

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)  # type: ignore[misc]
        self._note_failure(test, _cause(err))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)  # type: ignore[misc]
        if err is not None:
            self._note_failure(test, _cause(err))

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)  # type: ignore[misc]
        self.endings.setdefault(test.id(), Ending("skipped", (f"skipped: {reason}",)))

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)  # type: ignore[misc]
        self.endings.setdefault(test.id(), Ending("passed"))

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)  # type: ignore[misc]
        self._note_failure(test, "unexpected success: the test is expected to fail")

    def _note_failure(self, test: Any, cause: str) -> None:
        before = self.endings.get(test.id())
        causes = before.causes if before is not None and before.word == "failed" else ()
        self.endings[test.id()] = Ending("failed", (*causes, *({cause} - {*causes})))


def _cause(err: Any) -> str:
    kind, value, _ = err
    return f"{kind.__name__}: {value}"[:_LONGEST_CAUSE]


def _note_progress(where: str) -> None:
    Path(os.environ[PROGRESS_FILE]).write_text(where)
    # faulthandler's own thread does not need the GIL, so no test can keep it from ending the process.
    faulthandler.dump_traceback_later(float(os.environ[STALLED_S]), exit=True, file=_STDERR)
