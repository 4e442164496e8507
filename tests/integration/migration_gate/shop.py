"""The tables of a shop, and the queries of its running version, which test the rules of the gate."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from django_runtimes.migration_gate.judgement import Verdict, judge

OLD = [
    migrations.CreateModel(
        "Owner",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.TextField()),
            ("number", models.BigIntegerField(null=True, unique=True)),
        ],
    ),
    migrations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True))]),
    migrations.CreateModel(
        "Item",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("text", models.CharField(max_length=100)),
            ("price", models.IntegerField()),
            ("weight", models.DecimalField(max_digits=8, decimal_places=2)),
            ("note", models.TextField(null=True)),
            ("sku", models.CharField(max_length=20, db_default="none")),
            ("isbn", models.CharField(max_length=13, null=True, unique=True)),
            ("marks", ArrayField(models.CharField(max_length=10))),
            ("owner", models.ForeignKey("shop.Owner", models.CASCADE)),
            ("loose", models.ForeignKey("shop.Tag", models.DO_NOTHING, db_constraint=False, related_name="+")),
            ("tags", models.ManyToManyField("shop.Tag")),
        ],
        options={
            "indexes": [models.Index(fields=["price"], name="by_price")],
            "unique_together": {("isbn", "sku")},
            "constraints": [models.CheckConstraint(condition=models.Q(price__lt=10**6), name="cheap")],
        },
    ),
]


def migration(name: str, operations: list[Any], **attributes: object) -> migrations.Migration:
    """Return a migration of the shop."""
    kind = type("Migration", (migrations.Migration,), {"operations": operations, **attributes})
    return kind(name, "shop")


def state_of(operations: list[Any]) -> ProjectState:
    """Return the state after the shop's operations, without any other application."""
    state = ProjectState()
    return migration("0001_initial", operations).mutate_state(state, preserve=False)


def apply(state: ProjectState, *plan: migrations.Migration) -> ProjectState:
    """Apply `plan` to the database, and return the state after it."""
    for each in plan:
        with connection.cursor() as cursor:
            # PostgreSQL does not alter a table that has pending foreign key checks.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with connection.schema_editor() as editor:
            state = each.apply(state, editor)
    return state


def verdicts_on(*plan: migrations.Migration, running: ProjectState) -> list[Verdict]:
    """Return the gate's verdicts for small tables."""
    return judge(plan, running.clone(), alias="default", known_apps={"shop"}, sizes={})


def works(version: ProjectState) -> bool:
    """Return whether a version can still write, find, read, change and delete rows."""
    try:
        with transaction.atomic():
            _use(version.apps.get_model("shop", "Owner"), version.apps.get_model("shop", "Tag"), version)
    except (DatabaseError, AssertionError):
        return False
    return True


def _use(owners: Any, tags: Any, version: ProjectState) -> None:
    items = version.apps.get_model("shop", "Item")
    written = {"text": "t" * 100, "price": -100_000, "weight": Decimal("123456.25"), "note": None, "marks": ["m" * 10]}
    # A version writes only the fields that it has.
    fields = {field.name for field in items._meta.get_fields()}
    written = {name: value for name, value in written.items() if name in fields}
    owner, tag = owners.objects.create(pk=10**6, name="o"), tags.objects.create()
    # No tag has the id 10**9, but `loose` accepts it because the column has no constraint.
    made = [items.objects.create(owner=owner, loose_id=10**9, isbn=isbn, **written) for isbn in ("1", "2")]
    item = items.objects.get(pk=made[0].pk)
    # repr() compares the types too: a Decimal equals an integer, but cannot be encoded as JSON.
    assert {name: repr(getattr(item, name)) for name in written} == {name: repr(it) for name, it in written.items()}
    if "price" in fields:
        items.objects.filter(price=-100_000).update(price=models.F("price") + 1)
    items.objects.bulk_create(made, update_conflicts=True, unique_fields=["isbn"], update_fields=["loose"])
    assert items.objects.filter(marks__contains=["m" * 10]).count() == 2
    if "tags" in fields:
        item.tags.add(tag)
        assert list(item.tags.all()) == [tag]
    if "text" in fields:
        assert items.objects.filter(text__startswith="tt").count() == 2
    items.objects.filter(owner__name="o").order_by("text" if "text" in fields else "pk")[0].delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    made[1].delete()
    owner.delete()
    tag.delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
