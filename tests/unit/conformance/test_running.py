"""Runs of Django's test suites: endings of tests, stalls and crashes."""

import re

import pytest

from tests.conformance.ending import Ending
from tests.conformance.running import RunError, SuiteRun

_SUITES = """
import threading
import unittest

from django.conf import settings

settings.configure(DATABASES={})
from tests.conformance.recording import RecordingRunner


class Pages(unittest.TestCase):
    def test_opens(self):
        pass

    def test_waits(self):
        %s


runner = RecordingRunner(parallel=1)
runner.setup_test_environment()
runner.build_suite([])
runner.run_suite(unittest.defaultTestLoader.loadTestsFromTestCase(Pages))
"""


def run(directory, body, stalled_s=120.0):
    (directory / "runtests.py").write_text(_SUITES % body)
    return SuiteRun(directory, "stock", [], results=directory / "results", stalled_s=stalled_s)


def test_a_stalled_run_ends_with_the_tests_name_and_stacks(tmp_path):
    # A machine that stands still for a few seconds stalls no other part of the run for as long.
    stalled = run(tmp_path, "threading.Event().wait()", stalled_s=6)

    with pytest.raises(RunError, match=r"no progress for 6 s in __main__\.Pages\.test_waits"):
        stalled.endings()
    assert re.search(r"runtests.py\", line \d+ in test_waits", stalled.log.read_text())


def test_a_run_that_exits_early_names_the_test(tmp_path):
    with pytest.raises(RunError, match=r"status 3 in __main__\.Pages\.test_waits"):
        run(tmp_path, "import os; os._exit(3)").endings()


def test_a_run_that_does_not_start_gives_the_error(tmp_path):
    with pytest.raises(RunError, match=r"status 1 before the first test: SyntaxError"):
        run(tmp_path, "(").endings()


def test_a_run_returns_the_ending_of_every_test(tmp_path):
    endings = run(tmp_path, 'self.assertEqual(1, 2, "not the same")').endings()

    assert endings == {
        "__main__.Pages.test_opens": Ending("passed"),
        "__main__.Pages.test_waits": Ending("failed", ("AssertionError: 1 != 2 : not the same",)),
    }


def test_each_failed_subtest_is_a_cause(tmp_path):
    body = "[self.one(number) for number in (1, 2)]\n\n    def one(self, number):\n"
    body += "        with self.subTest(number):\n            self.assertEqual(number, 3)"

    ending = run(tmp_path, body).endings()["__main__.Pages.test_waits"]

    assert ending.causes == ("AssertionError: 1 != 3", "AssertionError: 2 != 3")
