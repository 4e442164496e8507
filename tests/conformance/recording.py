"""Django's test runner, which also writes each test's outcome to a file."""

import json
import os
import unittest
from pathlib import Path
from typing import Any

from django.test.runner import DiscoverRunner

OUTCOMES_FILE = "CONFORMANCE_OUTCOMES"


class RecordingRunner(DiscoverRunner):
    """Writes a JSON object of outcomes by test to the file that CONFORMANCE_OUTCOMES names."""

    def get_resultclass(self) -> type[unittest.TestResult]:
        """The result class of Django's choice, which keeps outcomes as well."""
        return type("RecordingResult", (_Recording, super().get_resultclass() or unittest.TextTestResult), {})

    def run_suite(self, suite: Any, **kwargs: Any) -> Any:
        """Run, then write the file."""
        result = super().run_suite(suite, **kwargs)
        Path(os.environ[OUTCOMES_FILE]).write_text(json.dumps(result.outcomes, indent=0, sort_keys=True))
        return result


class _Recording:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes: dict[str, str] = {}

    def addSuccess(self, test: Any) -> None:  # noqa: N802
        super().addSuccess(test)  # type: ignore[misc]
        self.outcomes.setdefault(test.id(), "passed")

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addError(test, err)  # type: ignore[misc]
        self.outcomes[test.id()] = "failed"

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)  # type: ignore[misc]
        self.outcomes[test.id()] = "failed"

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)  # type: ignore[misc]
        if err is not None:
            self.outcomes[test.id()] = "failed"

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)  # type: ignore[misc]
        self.outcomes[test.id()] = "skipped"

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)  # type: ignore[misc]
        self.outcomes[test.id()] = "passed"

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)  # type: ignore[misc]
        self.outcomes[test.id()] = "failed"
