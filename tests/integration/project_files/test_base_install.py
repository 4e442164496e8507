"""`webapp init` where the library is installed without extras."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.integration.project_files.projects import make, tree
from tests.needed_packages import needed_packages

# Hides packages from imports and from importlib.metadata, as if they were not installed.
_START = """\
import importlib.machinery, importlib.metadata, sys
absent, distributions = set(sys.argv.pop(1).split(",")), set(sys.argv.pop(1).split(","))
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in absent else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Finder
find = importlib.metadata.Distribution.from_name
def from_name(name):
    if name.lower().replace("_", "-") in distributions:
        raise importlib.metadata.PackageNotFoundError(name)
    return find(name)
importlib.metadata.Distribution.from_name = from_name
from django_runtimes.cli.main import main
sys.argv[0] = "webapp"
main()
"""


def init(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    base = needed_packages([Requirement("django-runtimes")])
    owners = {
        package: {canonicalize_name(name) for name in names} for package, names in packages_distributions().items()
    }
    # hatchling stays: it builds the wheel of an editable checkout in another process.
    absent = {name for name, by in owners.items() if not by & base} - {"hatchling"}
    distributions = set.union(*owners.values()) - base
    return subprocess.run(
        [sys.executable, "-c", _START, ",".join(absent), ",".join(distributions), "init", *arguments],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_init_and_undo_need_no_extra(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))

    ended = init(tmp_path, "--yes")

    assert ended.returncode == 0, ended.stderr
    assert "for developers only, the extra [compare]:\n" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith(f"  {sys.executable} -m pip install ")
    assert "[compare]" in ended.stderr.splitlines()[-1]
    undone = init(tmp_path, "--undo")
    assert undone.returncode == 0, undone.stderr
    assert tree(tmp_path) == before


def test_a_missing_driver_is_named_with_its_command(tmp_path: Path):
    make(tmp_path, "pip, MySQL")

    ended = init(tmp_path, "--yes")

    assert ended.returncode == 0, ended.stderr
    heading, command = ended.stderr.partition("not installed here, ")[2].splitlines()[:2]
    assert heading == "the extra [mysql]:"
    assert command.startswith(f"  {sys.executable} -m pip install ")
    assert "[mysql]" in command


def test_a_missing_extra_for_deploying_is_named_with_its_command(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))

    ended = init(tmp_path, "--yes", "--deploy", "--project", "kiosk", "--region", "eu-west-1")

    assert ended.returncode == 2
    assert "of the extra [deploy]; add the extra to the requirement that installs this library, " in ended.stderr
    assert f"and run: {sys.executable} -m pip install " in ended.stderr
    assert tree(tmp_path) == before
