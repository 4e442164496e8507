import importlib.metadata
import importlib.util
import json
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.extras import PACKAGES, how_to_install, install_command, is_installed, require_extra


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
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, "--editable '/a b{}'"),
        (
            {"url": "https://git.example/x", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "lib"},
            "'django-runtimes{} @ git+https://git.example/x@abc#subdirectory=lib'",
        ),
        ({"url": "file:///x-1.2.whl", "archive_info": {}}, "'django-runtimes{} @ file:///x-1.2.whl'"),
    ],
)
def test_an_extra_is_installed_from_the_librarys_origin(monkeypatch, origin, arguments):
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(origin))
    monkeypatch.setattr(sys, "executable", "python")

    assert install_command("compare") == f"python -m pip install {arguments.format('[compare]')}"
    assert how_to_install("compare") == f"run: {install_command('compare')}"


@pytest.mark.parametrize(
    ("extras", "named"), [(["compare"], "extra 'compare'"), (["compare", "deploy"], "extras 'compare' and 'deploy'")]
)
def test_an_unknown_origin_gives_no_command(monkeypatch, extras, named):
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(None))

    assert install_command(*extras) is None
    assert how_to_install(*extras) == f"install django-runtimes with its {named} from this installation's origin"


def test_an_extra_is_installed_if_all_its_packages_are_installed(monkeypatch):
    real_distribution = importlib.metadata.distribution
    monkeypatch.setattr(
        importlib.metadata,
        "distribution",
        lambda name: Installed(None) if "runtimes" in name else real_distribution(name),
    )

    assert is_installed("present")
    assert not is_installed("half")


def test_two_extras_give_one_command(monkeypatch):
    origin = {"url": "file:///x-1.2.whl", "archive_info": {}}
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(origin))

    assert install_command("compare", "deploy").endswith("[compare,deploy] @ file:///x-1.2.whl'")


@pytest.mark.parametrize("extra", PACKAGES)
def test_the_packages_of_an_extra_match_pyproject(extra):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    named = {Requirement(text).name for text in project["optional-dependencies"][extra]}

    # psycopg comes in several distributions, so the check of an extra does not look for it.
    assert set(PACKAGES[extra].values()) == named - {"psycopg"}


def test_the_error_for_a_missing_package_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(None))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn_worker" else object())

    with pytest.raises(ConfigurationError) as caught:
        require_extra("server", "serving as aws_ecs")

    assert str(caught.value) == (
        "serving as aws_ecs needs uvicorn-worker, of the extra [server]; add the extra to the requirement that "
        "installs this library, and install django-runtimes with its extra 'server' from this installation's origin"
    )
