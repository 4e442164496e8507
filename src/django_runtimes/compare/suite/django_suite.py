"""Runs Django's `test` command in a process of its own, with a distinct exit code when there were no tests."""

import runpy
import sys
import unittest
from pathlib import Path
from typing import Any

# The exit code of pytest and, since Python 3.12, of unittest; Django's runner exits with 0.
FOUND_NO_TESTS = 5


def main(program: str, arguments: list[str]) -> None:
    """Run manage.py, or the module `django`, with these arguments; exit as it does, or with FOUND_NO_TESTS."""
    from django.test.runner import DiscoverRunner

    counts: list[int] = []
    suite_result = DiscoverRunner.suite_result

    def counted(self: DiscoverRunner, suite: unittest.TestSuite, result: Any, **options: Any) -> int:
        # Newer versions of Python do not count the tests of a skipped class in `testsRun`.
        counts.append(result.testsRun + len(result.skipped))
        return suite_result(self, suite, result, **options)

    DiscoverRunner.suite_result = counted  # type: ignore[method-assign]
    sys.argv = [program, *arguments]
    if program == "django":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(program).parent)
        runpy.run_path(program, run_name="__main__")
    if counts and not any(counts):
        raise SystemExit(FOUND_NO_TESTS)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
