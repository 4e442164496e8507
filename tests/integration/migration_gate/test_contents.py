"""Migrations that lose rows of the running version, checked against PostgreSQL."""

from typing import Any

import pytest
from django.db import DatabaseError, migrations, models, transaction

from django_runtimes.migration_gate.kind import Kind
from tests.integration.migration_gate.case import Case, parametrize_cases
from tests.integration.migration_gate.shop import apply, migration, state_of, verdicts_on

pytestmark = [pytest.mark.profile_free, pytest.mark.django_db]

FIELDS = [
    ("id", models.BigAutoField(primary_key=True)),
    ("front", models.CharField(max_length=9)),
    ("back", models.CharField(max_length=9)),
]
PAGE = migrations.CreateModel("Page", FIELDS)
BACK = models.CharField(max_length=9, db_default="")


def rename(former: str, present: str) -> migrations.RenameField:
    return migrations.RenameField("page", former, present)


CASES = [
    Case(
        "two fields swap their names",
        [rename("front", "x"), rename("back", "front"), rename("x", "back")],
        (Kind.COLUMN_GONE,) * 2,
    ),
    Case(
        "a field is replaced by one of the same name",
        [migrations.RemoveField("page", "back"), migrations.AddField("page", "back", BACK)],
        (Kind.COLUMN_GONE,),
    ),
    Case(
        "a field takes the name of a removed one",
        [migrations.RemoveField("page", "back"), rename("front", "back")],
        (Kind.COLUMN_GONE,) * 2,
    ),
    Case("a model is replaced by one of the same name", [migrations.DeleteModel("Page"), PAGE], (Kind.TABLE_GONE,)),
    Case(
        "a model takes the name of a deleted one",
        [
            migrations.CreateModel("Sheet", FIELDS),
            migrations.DeleteModel("Page"),
            migrations.RenameModel("Sheet", "Page"),
        ],
        (Kind.TABLE_GONE,),
    ),
    Case("a field is renamed and renamed back", [rename("front", "x"), rename("x", "front")]),
    Case(
        "a model is renamed and renamed back",
        [migrations.RenameModel("Page", "Sheet"), migrations.RenameModel("Sheet", "Page")],
    ),
]


def has_rows(pages: Any) -> bool:
    try:
        with transaction.atomic():
            return list(pages.values_list("front", "back")) == [("recto", "verso")]
    except DatabaseError:
        return False


@parametrize_cases(CASES)
def test_rows_are_lost_exactly_where_the_gate_reports_a_loss(case):
    running = apply(state_of([]), migration("0001_initial", [PAGE]))
    pages = running.apps.get_model("shop", "Page").objects
    pages.create(front="recto", back="verso")
    new = migration("0002_new", case.operations)

    verdicts = verdicts_on(new, running=running)
    apply(running.clone(), new)

    assert [verdict.kind for verdict in verdicts] == list(case.kinds)
    assert has_rows(pages) is not bool(verdicts)
