import os
import re
from pathlib import Path

import pytest

from tests.prerequisites import require_program, require_root


def test_a_missing_program_names_its_package(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("tests.prerequisites.find_program", lambda name: None)

    with pytest.raises(pytest.skip.Exception, match=r"nft is not installed; .* \(Debian: apt-get install nftables\)"):
        require_program("nft")


def test_a_missing_program_fails_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("tests.prerequisites.find_program", lambda name: None)

    with pytest.raises(pytest.fail.Exception, match="apt-get install wrk"):
        require_program("wrk")


def test_no_test_hides_a_failed_installation():
    tests = Path(__file__).parents[1]
    found = {
        path.relative_to(tests).as_posix()
        for path in tests.rglob("*.py")
        if re.search(r"pytest\.skip[(]|importor[s]kip", path.read_text())
    }

    # These skips depend on the kernel, on the database server that the user names, or on a parameter of the test.
    assert found == {
        "integration/compare/targets/aws_lambda/conftest.py",
        "integration/compare/targets/aws_lambda/test_limits.py",
        "integration/migration_gate/case.py",
        "integration/project_files/test_layouts.py",
        "prerequisites.py",
    }


def test_tests_that_need_root_are_skipped_for_other_users(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(pytest.skip.Exception, match="run the tests as root"):
        require_root()
