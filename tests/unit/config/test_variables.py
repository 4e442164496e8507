import re
from pathlib import Path

from django_runtimes.config.environment import Environment
from django_runtimes.config.variables import VARIABLES, render_reference

ROOT = Path(__file__).parents[3]


def test_the_settings_reference_is_what_the_table_says():
    written = (ROOT / "docs" / "settings.md").read_text()

    assert written == render_reference(), "run `make docs`"


def test_no_variable_stands_twice():
    names = [variable.name for variable in VARIABLES]

    assert sorted(names) == sorted(set(names))


def test_every_variable_in_the_table_is_read_somewhere():
    served = [
        path for path in (ROOT / "src").rglob("*.py") if path.name != "variables.py" and "compare" not in path.parts
    ]
    read = set(
        re.findall(
            r'"((?:WEBAPP_|DATABASE_URL|PORT|AWS_|PGHOST|PGSERVICE)[A-Z0-9_]*)"',
            "\n".join(path.read_text() for path in served),
        )
    )

    assert {variable.name for variable in VARIABLES} - read == set()


def test_defaults_are_what_their_type_takes():
    environment = Environment({})
    for variable in VARIABLES:
        if variable.type == "integer":
            environment.integer(variable.name)
        elif variable.type == "flag":
            environment.flag(variable.name)
