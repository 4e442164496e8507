"""The packages in each lock file, and its version of Django."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

_REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def locked_django(lock: str) -> Version:
    """Return the version of Django in a lock file."""
    (version,) = re.findall(r"^django==(\S+)", (_REQUIREMENTS / lock).read_text(encoding="utf-8"), re.MULTILINE)
    return Version(version)


@pytest.mark.parametrize("lock", ["serving.txt", "development.txt", "peers.txt"])
def test_the_image_has_the_long_term_support_release_of_django(lock):
    assert Version("5.2") <= locked_django(lock) < Version("6")
    assert locked_django(lock) == locked_django("serving.txt")


def test_the_newest_lock_has_django_6_1():
    assert locked_django("newest.txt").release[:2] == (6, 1)


def test_the_lowest_lock_has_the_lower_bound():
    assert locked_django("lowest.txt").release[:2] == (5, 2)


def lower_bounds() -> dict[str, Version]:
    """Return the lower bound of every dependency, of the library, its extras and the development group."""
    content = tomllib.loads((_REQUIREMENTS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    texts = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
        *content["dependency-groups"]["dev"],
    ]
    bounds: dict[str, Version] = {}
    for need in map(Requirement, texts):
        for part in need.specifier:
            if part.operator == ">=":
                bounds[need.name] = max(Version(part.version), bounds.get(need.name, Version("0")))
    return bounds


def test_the_lowest_lock_has_every_lower_bound():
    lines = re.findall(
        r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", (_REQUIREMENTS / "lowest.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    locked = {name: Version(version) for name, version in lines}

    bounds = lower_bounds()
    assert {"django", "gevent", "geventhttpclient", "locust", "psycopg"} <= bounds.keys()
    # The first release of a series need not be the one that ends in zero.
    higher = {
        name: str(locked.get(name))
        for name, bound in bounds.items()
        if name not in locked or locked[name].release[: len(bound.release)] != bound.release
    }
    assert higher == {}


def test_the_serving_lock_has_the_library_and_four_extras():
    project = tomllib.loads((_REQUIREMENTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    image = [need for extra in ("lambda", "server", "s3", "redis", "mysql") for need in extras[extra]]
    shipped = [*project["dependencies"], *image]
    own = (_REQUIREMENTS / "project.in").read_text(encoding="utf-8").splitlines()
    needs = [Requirement(text) for text in [*shipped, *own] if not text.startswith("#")]
    locked = set(re.findall(r"^(\S+)==", (_REQUIREMENTS / "serving.txt").read_text(encoding="utf-8"), re.MULTILINE))

    # The lock may contain more packages, because uv adds dependencies for every platform.
    assert {need.name for need in needs} <= locked
    assert not {Requirement(text).name for text in extras["compare"]} & (locked - {need.name for need in needs})


@pytest.mark.parametrize("driver", ["mssql", "oracle"])
def test_the_lock_of_a_driver_agrees_with_the_serving_lock(driver):
    pins, serving = (
        dict(re.findall(r"^([^=\s]+)==(\S+)", (_REQUIREMENTS / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in (f"drivers/{driver}.txt", "serving.txt")
    )
    extras = tomllib.loads((_REQUIREMENTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert {Requirement(text).name for text in extras["optional-dependencies"][driver]} <= pins.keys()
    assert {name: pin for name, pin in pins.items() if serving.get(name, pin) != pin} == {}


@pytest.mark.parametrize(
    "lock", sorted(path.name for path in _REQUIREMENTS.rglob("*.txt") if path.name != "constraints.txt")
)
def test_a_lock_names_no_index(lock):
    (path,) = _REQUIREMENTS.rglob(lock)

    assert "://" not in path.read_text(encoding="utf-8")
