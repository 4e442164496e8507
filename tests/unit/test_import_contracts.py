"""The import contracts name every package of the library, so that a new package needs a decision."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = "django_runtimes."
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
PACKAGES = {path.parent.name for path in (ROOT / "src/django_runtimes").glob("*/__init__.py")} | {"extras"}
# What each tool may import, directly or through others. All of them share `cli`.
ALLOWED = {
    "cli": {"config", "extras"},
    "compare": {"cli", "config", "extras"},
    "deploy": {"cli", "config", "extras"},
    "doctor": {
        "adopt",
        "aws",
        "cli",
        "config",
        "databases",
        "deploy",
        "extras",
        "files",
        "operations",
        "outages",
        "security",
        "stores",
    },
    "pinning": {"aws", "cli", "config", "databases", "extras"},
    "project_files": {"cli", "compare", "config", "deploy", "extras"},
}


def forbidden_for(source: str) -> set[str]:
    """Return the packages that the contracts of one package forbid."""
    return {
        module.removeprefix(LIBRARY)
        for contract in CONTRACTS
        if contract["type"] == "forbidden" and contract["source_modules"] == [LIBRARY + source]
        for module in contract["forbidden_modules"]
    }


@pytest.mark.parametrize("tool", ALLOWED)
def test_a_tool_may_import_only_what_it_examines(tool):
    assert forbidden_for(tool) == PACKAGES - ALLOWED[tool] - {tool}


def test_every_package_is_a_layer_or_a_tool_or_independent():
    (layers,) = [contract["layers"] for contract in CONTRACTS if contract["name"] == "the library's layers"]
    served = {name.removeprefix(LIBRARY) for layer in layers for name in layer.split(" : ")}

    assert served | ALLOWED.keys() | {"serving"} == PACKAGES
    assert forbidden_for("serving") == PACKAGES - {"serving"}


def test_the_served_application_may_import_no_tool():
    (contract,) = [each for each in CONTRACTS if each["name"] == "the served application never imports the tools"]

    assert {name.removeprefix(LIBRARY) for name in contract["forbidden_modules"]} == ALLOWED.keys()
    sources = {name.removeprefix(LIBRARY) for name in contract["source_modules"] if name.startswith(LIBRARY)}
    # `extras` is below every package that is listed.
    assert sources == PACKAGES - ALLOWED.keys() - {"extras"}
