"""Every variable that a file of this repository names is in the table, so none is set that nothing reads."""

import re

import pytest

from django_runtimes.config.variables.table import VARIABLES
from tests.unit.documents.pages import ROOT, files

NAME = re.compile(r"WEBAPP_[A-Z0-9_]+")
KNOWN = {variable.name for variable in VARIABLES}
KNOWN |= {f"{variable.name}_FILE" for variable in VARIABLES if variable.is_secret}
SUFFIXES = ("", ".html", ".in", ".ini", ".json", ".lua", ".md", ".py", ".sh", ".toml", ".txt", ".yaml")
# These tests set or name unknown variables on purpose.
MISTAKES = {
    "tests/deploy/verbs/test_secrets.py": {"WEBAPP_NONSENSE"},
    "tests/integration/doctor/test_variables.py": {"WEBAPP_DB_ROUT"},
    "tests/integration/entrypoints/test_launch.py": {"WEBAPP_DB_ROUT"},
    "tests/unit/cli/project/test_project.py": {"WEBAPP_X"},
    "tests/unit/config/test_environment.py": {"WEBAPP_DB_ROUT", "WEBAPP_ZZZ"},
    "tests/unit/config/test_secret_files.py": {"WEBAPP_STAGE_FILE"},
    "tests/unit/deploy/test_own_settings.py": {"WEBAPP_LOGLEVEL"},
    "tests/unit/deploy/zappa/test_own_environment.py": {"WEBAPP_API_TOKEN"},
}


def unknown(text: str) -> set[str]:
    """Return the names in a text that neither are in the table nor begin several names there, as `WEBAPP_DB_` does."""
    return {name for name in NAME.findall(text) if name not in KNOWN and not begins_names(name)}


def begins_names(name: str) -> bool:
    return name.endswith("_") and any(known.startswith(name) for known in KNOWN)


def test_every_named_variable_is_in_the_table():
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for path in files(*SUFFIXES)
        if path.is_file() and path.name != "test_named_variables.py"
    }
    naming = {name for name, text in texts.items() if NAME.search(text)}

    assert {"Dockerfile", "compose.yaml", "deploy/lambda/template.yaml", "docs/settings.md", "README.md"} <= naming
    assert {name: unknown(texts[name]) for name in naming if unknown(texts[name])} == MISTAKES


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('container(WEBAPP_DB_POOL_MAX="2", WEBAPP_WORKERS="8")', {"WEBAPP_DB_POOL_MAX"}),
        ("WEBAPP_SECRET_KEY_FILE=/run/secret WEBAPP_WORKERS_FILE=/run/workers", {"WEBAPP_WORKERS_FILE"}),
        ('f"WEBAPP_DB_{key}", f"WEBAPP_DATABASE_{key}"', {"WEBAPP_DATABASE_"}),
    ],
)
def test_unknown_names_are_found(text, names):
    assert unknown(text) == names
