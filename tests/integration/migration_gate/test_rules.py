"""Each rule of the gate on PostgreSQL: the running version fails exactly where the gate refuses."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.operations import CreateCollation
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.models.functions import Now

from django_runtimes.migration_gate.kind import GateLevel, Kind
from tests.integration.migration_gate import test_constraints
from tests.integration.migration_gate.case import (
    NULL_INTEGER,
    Case,
    add,
    alter,
    generated,
    in_database,
    in_state,
    parametrize_cases,
)
from tests.integration.migration_gate.shop import OLD, apply, migration, state_of, verdicts_on

pytestmark = [pytest.mark.profile_free, pytest.mark.django_db]

ID = ("id", models.BigAutoField(primary_key=True))
OWNER = models.ForeignKey("shop.Owner", models.CASCADE, null=True, related_name="+")


class DropsText:
    """A side effect that a third-party subclass of Django's operations may have."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        schema_editor.execute("ALTER TABLE shop_item DROP COLUMN text")


class Separate(DropsText, migrations.SeparateDatabaseAndState):
    pass


class Options(DropsText, migrations.AlterModelOptions):
    pass


class NoSql(DropsText, migrations.RunSQL):
    pass


CASES = [
    # Removals and renames.
    Case("remove a field", [migrations.RemoveField("item", "text")], (Kind.COLUMN_GONE,)),
    Case("remove a foreign key", [migrations.RemoveField("item", "owner")], (Kind.COLUMN_GONE,)),
    Case("remove a many-to-many field", [migrations.RemoveField("item", "tags")], (Kind.TABLE_GONE,)),
    Case("delete a model", [migrations.DeleteModel("Item")], (Kind.TABLE_GONE,) * 2),
    Case("rename a field", [migrations.RenameField("item", "text", "title")], (Kind.COLUMN_GONE,)),
    Case("rename a many-to-many field", [migrations.RenameField("item", "tags", "labels")], (Kind.TABLE_GONE,)),
    Case("rename a model", [migrations.RenameModel("Item", "Thing")], (Kind.TABLE_GONE,) * 2),
    Case(
        "rename a model that a many-to-many field points at",
        [migrations.RenameModel("Tag", "Label")],
        (Kind.TABLE_GONE, Kind.COLUMN_GONE),
    ),
    Case(
        "rename a model that a foreign key points at, and its table",
        [migrations.RenameModel("Owner", "Keeper"), migrations.AlterModelTable("keeper", "people")],
        (Kind.TABLE_GONE,),
    ),
    Case("rename a table", [migrations.AlterModelTable("item", "things")], (Kind.TABLE_GONE,) * 2),
    Case("rename a column", [alter("text", models.CharField(max_length=100, db_column="t"))], (Kind.COLUMN_GONE,)),
    Case("remove in the database only", [in_database(migrations.RemoveField("item", "text"))], (Kind.COLUMN_GONE,)),
    Case(
        "remove, and add it again as another type",
        [migrations.RemoveField("item", "price"), add("price", models.DateField(null=True))],
        (Kind.COLUMN_GONE, Kind.OTHER_TYPE),
    ),
    Case(
        "remove, and let the database compute it",
        [
            migrations.RemoveField("item", "weight"),
            add("weight", generated(models.F("price") * 2, models.DecimalField(max_digits=8, decimal_places=2))),
        ],
        (Kind.COLUMN_GONE,),
    ),
    Case("remove in a subclass of SeparateDatabaseAndState", [Separate()], (Kind.UNKNOWN_OPERATION,)),
    Case("remove in a subclass of AlterModelOptions", [Options("item", {})], (Kind.UNKNOWN_OPERATION,)),
    Case("remove in a subclass of RunSQL", [NoSql("")], (Kind.UNKNOWN_OPERATION,)),
    # New columns.
    Case("add a required field", [add("size", models.IntegerField(default=0))], (Kind.NO_VALUE,)),
    Case(
        "add a required field in the database only",
        [in_database(add("size", models.IntegerField(default=0)))],
        (Kind.NO_VALUE,),
    ),
    Case(
        "add a required foreign key",
        [add("keeper", models.ForeignKey("shop.Owner", models.CASCADE, default=1, related_name="+"))],
        (Kind.NO_VALUE, Kind.UNKNOWN_REFERENCE),
    ),
    Case("order with respect to", [migrations.AlterOrderWithRespectTo("item", "owner")], (Kind.NO_VALUE,)),
    Case(
        "add a field and require it in the same release",
        [add("size", NULL_INTEGER), alter("size", models.IntegerField(default=0))],
        (Kind.NO_VALUE,),
    ),
    Case(
        "add a field with a default and drop the default",
        [add("size", models.IntegerField(db_default=0)), alter("size", models.IntegerField())],
        (Kind.NO_VALUE,),
    ),
    # Existing columns.
    Case("text instead of a number", [alter("weight", models.TextField())], (Kind.OTHER_TYPE,)),
    Case(
        "a decimal instead of an integer",
        [alter("price", models.DecimalField(max_digits=9, decimal_places=2))],
        (Kind.OTHER_TYPE,),
    ),
    Case(
        "a case-insensitive collation",
        [
            CreateCollation("any_case", "und-u-ks-level2", provider="icu", deterministic=False),
            alter("text", models.CharField(max_length=100, db_collation="any_case")),
        ],
        (Kind.COLLATION,),
    ),
    Case("remove a default", [alter("sku", models.CharField(max_length=20))], (Kind.DEFAULT_GONE,)),
    Case("remove an identity", [alter("id", models.BigIntegerField(primary_key=True))], (Kind.DEFAULT_GONE,)),
    Case("shorter text", [alter("text", models.CharField(max_length=99))], (Kind.NARROWER_TYPE,)),
    Case("a smaller integer", [alter("price", models.SmallIntegerField())], (Kind.NARROWER_TYPE,)),
    Case(
        "fewer digits before the point",
        [alter("weight", models.DecimalField(max_digits=8, decimal_places=3))],
        (Kind.NARROWER_TYPE,),
    ),
    Case("require a field", [alter("note", models.TextField(default=""))], (Kind.NOT_NULL,)),
    Case(
        "require a field, with a default in the database",
        [alter("note", models.TextField(db_default=""))],
        (Kind.NOT_NULL,),
    ),
    Case("one to one", [alter("owner", models.OneToOneField("shop.Owner", models.CASCADE))], (Kind.UNIQUE,)),
    Case(
        "a foreign key to another table",
        [alter("owner", models.ForeignKey("shop.Tag", models.CASCADE, related_name="+"))],
        (Kind.FOREIGN_KEY,),
    ),
    Case(
        "a foreign key to another column",
        [alter("owner", models.ForeignKey("shop.Owner", models.CASCADE, to_field="number"))],
        (Kind.FOREIGN_KEY,),
    ),
    Case(
        "a foreign key that becomes enforced",
        [alter("loose", models.ForeignKey("shop.Tag", models.DO_NOTHING, related_name="+"))],
        (Kind.FOREIGN_KEY,),
    ),
    Case("shorter texts", [alter("marks", ArrayField(models.CharField(max_length=9)))], (Kind.NARROWER_TYPE,)),
    Case("texts of unlimited length", [alter("marks", ArrayField(models.TextField()))], (Kind.OTHER_TYPE,)),
    # Changes that do not affect the running version.
    Case("add a nullable field", [add("size", NULL_INTEGER)]),
    Case("add a field that the database fills in", [add("size", models.IntegerField(db_default=1))]),
    Case("add a field with the current time", [add("at", models.DateTimeField(db_default=Now()))]),
    Case(
        "a generated column",
        [add("double", generated(models.F("price") * 2, models.BigIntegerField()))],
    ),
    Case("add a nullable foreign key", [add("keeper", OWNER)], (Kind.UNKNOWN_REFERENCE,)),
    Case(
        "add a many-to-many field",
        [add("colours", models.ManyToManyField("shop.Tag", related_name="+"))],
        (Kind.UNKNOWN_REFERENCE,) * 2,
    ),
    Case("longer text", [alter("text", models.CharField(max_length=200))]),
    Case("longer texts", [alter("marks", ArrayField(models.CharField(max_length=20), size=5))]),
    Case("text of unlimited length", [alter("text", models.TextField())]),
    Case("a bigger integer", [alter("price", models.BigIntegerField())]),
    Case("more digits before the point", [alter("weight", models.DecimalField(max_digits=10, decimal_places=2))]),
    Case("a field becomes nullable", [alter("price", models.IntegerField(null=True))]),
    Case("another default", [alter("sku", models.CharField(max_length=20, db_default="other"))]),
    Case(
        "a foreign key that is no longer enforced",
        [alter("owner", models.ForeignKey("shop.Owner", models.CASCADE, db_constraint=False))],
    ),
    Case("an index", [migrations.AddIndex("item", models.Index(fields=["text"], name="by_text"))]),
    Case("remove an index", [migrations.RemoveIndex("item", "by_price")]),
    Case("another name for an index", [migrations.RenameIndex("item", "by_cost", old_name="by_price")]),
    Case("a label", [alter("text", models.CharField("Text", max_length=100, help_text="…", blank=True))]),
    Case("a model", [migrations.CreateModel("Room", [ID, ("size", models.IntegerField())])]),
    Case(
        "a model that refers to a known one",
        [migrations.CreateModel("Room", [ID, ("keeper", OWNER)])],
        (Kind.UNKNOWN_REFERENCE,),
    ),
    Case(
        "every operation on a new model",
        [
            migrations.CreateModel("Room", [ID]),
            migrations.AddField("room", "size", models.IntegerField(default=0)),
            migrations.RenameField("room", "size", "space"),
            migrations.AlterField("room", "space", models.CharField(max_length=9, unique=True)),
            migrations.AddConstraint("room", models.UniqueConstraint(fields=["space"], name="apart")),
            migrations.RenameModel("Room", "Hall"),
            migrations.RemoveField("hall", "space"),
            migrations.DeleteModel("Hall"),
        ],
    ),
    Case(
        "add and remove a field in one transaction",
        [add("size", models.IntegerField(default=0)), migrations.RemoveField("item", "size")],
    ),
    Case(
        "add a field and make it nullable in one transaction",
        [add("size", models.IntegerField(default=0)), alter("size", NULL_INTEGER)],
    ),
    Case(
        "another name in the code only",
        [
            alter("text", models.CharField(max_length=100, db_column="text")),
            migrations.RenameField("item", "text", "title"),
        ],
    ),
    Case(
        "another name for a model in the code only",
        [migrations.AlterModelTable("owner", "shop_owner"), migrations.RenameModel("Owner", "Keeper")],
    ),
    Case(
        "another name for a model, and the former one for its table",
        [migrations.RenameModel("Owner", "Keeper"), migrations.AlterModelTable("keeper", "shop_owner")],
    ),
    Case("remove in the state only", [in_state(migrations.RemoveField("item", "note"))]),
    Case("no longer managed", [migrations.AlterModelOptions("item", {"managed": False})]),
    Case(
        "delete a model that is not managed",
        [migrations.AlterModelOptions("item", {"managed": False}), migrations.DeleteModel("Item")],
    ),
    Case(
        "delete a proxy",
        [
            migrations.CreateModel("Book", [], options={"proxy": True}, bases=("shop.Item",)),
            migrations.DeleteModel("Book"),
        ],
    ),
]


@parametrize_cases(CASES)
def test_the_gate_refuses_changes_that_break_the_running_version(case):
    case.verify()


def test_a_new_versions_row_blocks_a_delete_by_the_running_version():
    running = apply(state_of([]), migration("0001_initial", OLD))
    owner = running.apps.get_model("shop", "Owner").objects.create(name="o")
    room = migration("0002_room", [migrations.CreateModel("Room", [ID, ("keeper", OWNER)])])
    (verdict,) = verdicts_on(room, running=running)
    new = apply(running.clone(), room)
    new.apps.get_model("shop", "Room").objects.create(keeper_id=owner.pk)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        owner.delete()

    assert (verdict.kind, verdict.level) == (Kind.UNKNOWN_REFERENCE, GateLevel.WARNING)


def test_every_kind_that_refuses_has_a_case():
    seen = {kind for case in CASES + test_constraints.CASES for kind in case.kinds}

    assert {kind for kind in Kind if kind.level is not GateLevel.WARNING} <= seen
