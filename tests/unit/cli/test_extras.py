import json
import sys

import pytest

from django_runtimes.cli import extras
from django_runtimes.cli.extras import install_command, is_installed


class Installed:
    version = "1.2"
    requires = ("django", "pytest; extra == 'present'", "pytest; extra == 'half'", "not-there-at-all; extra == 'half'")

    def __init__(self, origin: dict | None) -> None:
        self._origin = origin

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self._origin is None else json.dumps(self._origin)


@pytest.mark.parametrize(
    ("origin", "arguments"),
    [
        (None, "'django-runtimes{}==1.2'"),
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, "--editable '/a b{}'"),
        (
            {"url": "https://git.example/x", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "lib"},
            "'django-runtimes{} @ git+https://git.example/x@abc#subdirectory=lib'",
        ),
        ({"url": "file:///x-1.2.whl", "archive_info": {}}, "'django-runtimes{} @ file:///x-1.2.whl'"),
    ],
)
def test_an_extra_comes_from_where_the_library_came(monkeypatch, origin, arguments):
    monkeypatch.setattr(extras, "distribution", lambda name: Installed(origin))
    monkeypatch.setattr(sys, "executable", "python")

    assert install_command("compare") == f"python -m pip install {arguments.format('[compare]')}"


def test_an_extra_is_installed_with_all_that_it_names(monkeypatch):
    of_others = extras.distribution
    monkeypatch.setattr(extras, "distribution", lambda name: Installed(None) if "runtimes" in name else of_others(name))

    assert is_installed("present")
    assert not is_installed("half")


def test_two_extras_are_one_command(monkeypatch):
    monkeypatch.setattr(extras, "distribution", lambda name: Installed(None))

    assert install_command("compare", "deploy").endswith("[compare,deploy]==1.2'")
