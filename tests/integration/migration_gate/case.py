"""A migration of the shop, and the verdicts that the gate must return."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import NotSupportedError, migrations, models

from django_runtimes.migration_gate.kind import Kind
from tests.integration.migration_gate.shop import OLD, apply, migration, state_of, verdicts_on, works

NULL_INTEGER = models.IntegerField(null=True)


@dataclass(frozen=True)
class Case:
    """A migration of the shop, and the kinds of its verdicts."""

    name: str
    operations: list[Any]
    kinds: tuple[Kind, ...] = ()

    def verify(self) -> None:
        """Check that the gate returns exactly these kinds, and refuses only if the running version fails."""
        running = apply(state_of([]), migration("0001_initial", OLD))
        assert works(running)
        new = migration("0002_new", self.operations)

        verdicts = verdicts_on(new, running=running)
        try:
            apply(running.clone(), new)
        except NotSupportedError as error:
            pytest.skip(f"{error}; name a PostgreSQL that supports it by DATABASE_URL")

        assert sorted(verdict.kind for verdict in verdicts) == sorted(self.kinds)
        assert works(running) is not any(verdict.refuses for verdict in verdicts)


def parametrize_cases(cases: list[Case]) -> Any:
    """Parametrize a test by cases, with their names as ids."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name.replace(" ", "_"))


def add(name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField("item", name, field)


def alter(name: str, field: models.Field) -> migrations.AlterField:
    return migrations.AlterField("item", name, field)


def require(constraint: models.BaseConstraint) -> migrations.AddConstraint:
    return migrations.AddConstraint("item", constraint)


def unique(*fields: str, **options: Any) -> migrations.AddConstraint:
    return require(models.UniqueConstraint(*options.pop("expressions", ()), fields=fields, name="only", **options))


def check(condition: models.Q) -> migrations.AddConstraint:
    return require(models.CheckConstraint(condition=condition, name="checked"))


def generated(expression: Any, output_field: models.Field, **options: Any) -> models.GeneratedField:
    return models.GeneratedField(expression=expression, output_field=output_field, db_persist=True, **options)


def in_database(*operations: Any) -> migrations.SeparateDatabaseAndState:
    return migrations.SeparateDatabaseAndState(database_operations=list(operations))


def in_state(*operations: Any) -> migrations.SeparateDatabaseAndState:
    return migrations.SeparateDatabaseAndState(state_operations=list(operations))
