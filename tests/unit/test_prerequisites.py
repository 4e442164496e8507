import os

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


def test_tests_that_need_root_are_skipped_for_other_users(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(pytest.skip.Exception, match="run the tests as root"):
        require_root()
