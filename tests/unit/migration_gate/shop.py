"""A project state with one table, and the gate's verdicts on migrations that follow it."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import ProjectState

from django_runtimes.migration_gate.judgement import Verdict, judge

ITEM = migrations.CreateModel(
    "Item",
    [("id", models.BigAutoField(primary_key=True)), ("text", models.CharField(max_length=100))],
)
REMOVE = migrations.RemoveField("item", "text")
SHORTEN = migrations.AlterField("item", "text", models.CharField(max_length=50))
LARGE_BYTES = 2_500_000_000


def migration(name: str, *operations: Any, app_label: str = "shop", **attributes: object) -> migrations.Migration:
    """Return a migration of an application."""
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), **attributes})
    return kind(name, app_label)


def verdicts_on(
    *plan: migrations.Migration, old: tuple[Any, ...] = (ITEM,), size: int = 0, allowed: tuple[str, ...] = ()
) -> list[Verdict]:
    """Return the gate's verdicts on `plan` if `old` made the running version and its item table has `size` bytes."""
    state = migration("0001_initial", *old).mutate_state(ProjectState(), preserve=False)
    sizes = {"shop_item": size, "other": LARGE_BYTES}
    return judge(plan, state, alias="default", known_apps={"shop"}, sizes=sizes, allowed=allowed)
