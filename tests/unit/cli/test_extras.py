import json
import sys

import pytest

from django_runtimes.cli import extras
from django_runtimes.cli.extras import install_command


class Installed:
    version = "1.2"

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
