"""The gate's verdicts on operations, and the ways to allow a migration."""

import pytest
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    TrigramExtension,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from django_runtimes.migration_gate.judgement import UnappliableError
from django_runtimes.migration_gate.kind import GateLevel, Kind
from tests.unit.migration_gate.shop import ITEM, LARGE_BYTES, REMOVE, SHORTEN, migration, verdicts_on

REQUIRED = models.IntegerField(default=0)
BY_TEXT = models.Index(fields=["text"], name="by_text")
NOT_EMPTY = models.CheckConstraint(condition=~models.Q(text=""), name="not_empty")


def fill_text(apps, schema_editor):
    """Stand in for a data migration."""


class ForeignOperation(Operation):
    def state_forwards(self, app_label, state):
        pass


class ColumnlessField(models.Field):
    def db_type(self, connection):
        return None


def kinds(verdicts):
    return [verdict.kind for verdict in verdicts]


def test_a_verdict_names_migration_operation_reason_and_remedy():
    (verdict,) = verdicts_on(migration("0002_shorter", SHORTEN))

    assert (verdict.migration, verdict.operation) == ("shop.0002_shorter", "Alter field text on item")
    assert verdict.level is GateLevel.DEPENDS
    assert verdict.reason == (
        "shop_item.text becomes varchar(50) instead of varchar(100), and the running version writes values that no "
        "longer fit"
    )
    assert verdict.remedy.startswith("first deploy a version that writes only compliant rows")
    assert verdict.refuses


def test_migrations_of_an_empty_database_get_no_verdict():
    data = migration("0002_data", migrations.RunPython(fill_text), migrations.RunSQL("DROP TABLE x"))

    assert verdicts_on(migration("0001_initial", ITEM), data, old=()) == []


def test_the_option_allows_a_breaking_migration():
    (verdict,) = verdicts_on(migration("0002_remove", REMOVE), allowed=("shop.0002_remove",))

    assert (verdict.level, verdict.allowed, verdict.refuses) == (GateLevel.BREAKS, "--allow", False)


def test_the_option_allows_only_the_migration_that_it_names():
    verdicts = verdicts_on(
        migration("0002_shorter", SHORTEN), migration("0003_remove", REMOVE), allowed=("shop.0002_shorter",)
    )

    assert [verdict.refuses for verdict in verdicts] == [False, True]


def test_a_reason_in_the_migration_allows_a_dependent_operation():
    (verdict,) = verdicts_on(migration("0002", SHORTEN, compatible_because="0.9 writes 40 characters at most"))

    assert (verdict.allowed, verdict.refuses) == ("0.9 writes 40 characters at most", False)


@pytest.mark.parametrize("reason", ["", "  ", True, None])
def test_an_invalid_reason_allows_nothing(reason):
    (verdict,) = verdicts_on(migration("0002", SHORTEN, compatible_because=reason))

    assert verdict.refuses


def test_a_reason_does_not_allow_a_breaking_operation():
    (verdict,) = verdicts_on(migration("0002", REMOVE, compatible_because="nobody uses it"))

    assert verdict.refuses


def test_sql_and_python_cannot_be_judged():
    verdicts = verdicts_on(
        migration("0002", migrations.RunSQL("UPDATE x\n  SET y = 1"), migrations.RunPython(fill_text))
    )

    assert kinds(verdicts) == [Kind.UNKNOWN_OPERATION] * 2
    assert [verdict.operation for verdict in verdicts] == ["RunSQL UPDATE x SET y = 1", "RunPython fill_text"]


def test_sql_and_python_without_effect_give_no_verdict():
    nothing = (migrations.RunSQL(migrations.RunSQL.noop), migrations.RunPython(migrations.RunPython.noop, fill_text))

    assert verdicts_on(migration("0002", *nothing)) == []


def test_run_python_in_a_new_application_is_a_warning():
    (verdict,) = verdicts_on(migration("0001", migrations.RunPython(fill_text), app_label="library"))

    assert (verdict.kind, verdict.refuses) == (Kind.UNKNOWN_OPERATION_OF_NEW_APP, False)


def test_an_operation_of_another_package_cannot_be_judged():
    (verdict,) = verdicts_on(migration("0002", ForeignOperation()))

    assert verdict.kind is Kind.UNKNOWN_OPERATION
    assert verdict.reason == f"it is an operation of {__name__}, which may do anything"


def test_creating_an_extension_gives_no_verdict():
    assert verdicts_on(migration("0002", TrigramExtension())) == []


def test_the_innermost_operation_is_named():
    inside = migrations.SeparateDatabaseAndState(
        database_operations=[migrations.SeparateDatabaseAndState(database_operations=[REMOVE])]
    )

    (verdict,) = verdicts_on(migration("0002", inside))

    assert (verdict.kind, verdict.operation) == (Kind.COLUMN_GONE, "Remove field text from item")


def test_the_error_for_an_inapplicable_migration_names_its_operation():
    with pytest.raises(UnappliableError, match=r"^shop\.0002: Remove field size from item: KeyError: 'size'$"):
        verdicts_on(migration("0002", migrations.RemoveField("item", "size")))


def test_a_field_that_loses_its_type_loses_its_column():
    (verdict,) = verdicts_on(migration("0002", migrations.AlterField("item", "text", ColumnlessField())))

    assert verdict.kind is Kind.COLUMN_GONE


def test_a_field_without_a_type_has_no_column():
    add_and_remove = (migrations.AddField("item", "total", ColumnlessField()), migrations.RemoveField("item", "total"))

    assert verdicts_on(migration("0002", *add_and_remove)) == []


def test_a_rename_has_its_own_remedy():
    (verdict,) = verdicts_on(migration("0002", migrations.RenameField("item", "text", "title")))

    assert verdict.kind is Kind.COLUMN_GONE
    assert "db_column" in verdict.remedy


@pytest.mark.parametrize(
    ("migration_names", "atomic", "refused"),
    [
        pytest.param(("0002", "0002"), True, False, id="one_transaction_hides_the_first_operation"),
        pytest.param(("0002", "0002"), False, True, id="without_a_transaction_it_is_visible"),
        pytest.param(("0002", "0003"), True, True, id="between_two_migrations_it_is_visible"),
    ],
)
def test_a_reverted_operation_is_allowed_in_one_transaction(migration_names, atomic, refused):
    operations = [migrations.AddField("item", "size", REQUIRED), migrations.RemoveField("item", "size")]
    if len(set(migration_names)) == 1:
        plan = [migration(migration_names[0], *operations, atomic=atomic)]
    else:
        plan = [migration(*pair, atomic=atomic) for pair in zip(migration_names, operations, strict=True)]

    verdicts = verdicts_on(*plan)

    assert [verdict.migration for verdict in verdicts if verdict.refuses] == (["shop.0002"] if refused else [])


def test_the_table_of_another_model_in_the_plan_is_new():
    plan = (
        migration("0002", migrations.CreateModel("Room", [("id", models.BigAutoField(primary_key=True))])),
        migration("0003", migrations.AddField("room", "size", REQUIRED)),
        migration("0004", migrations.DeleteModel("Room")),
    )

    assert verdicts_on(*plan) == []


def test_a_swapped_out_model_has_no_table(settings):
    swappable = migrations.CreateModel(
        "Item",
        [("id", models.BigAutoField(primary_key=True)), ("text", models.CharField(max_length=100))],
        options={"swappable": "AUTH_USER_MODEL"},
    )
    settings.AUTH_USER_MODEL = "shop.Other"
    other = migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])

    assert verdicts_on(migration("0002", REMOVE), old=(other, swappable)) == []


def test_operations_that_a_router_forbids_are_ignored(settings):
    class Nowhere:
        def allow_migrate(self, db, app_label, **hints):
            return False

    settings.DATABASE_ROUTERS = [Nowhere()]

    assert verdicts_on(migration("0002", REMOVE, migrations.RunSQL("DROP TABLE x"))) == []


def test_the_table_of_a_model_moved_in_the_state_is_still_judged():
    moved = migrations.CreateModel("Thing", [*ITEM.fields], options={"db_table": "shop_item"})
    in_state = migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Item"), moved])
    move = migration("0002", in_state)

    (verdict,) = verdicts_on(move, migration("0003", migrations.AddField("thing", "size", REQUIRED)))

    assert (verdict.migration, verdict.kind) == ("shop.0003", Kind.NO_VALUE)


def test_a_constraint_on_a_column_added_by_sql_is_unknown():
    sql = migrations.RunSQL(
        "ALTER TABLE shop_item ADD COLUMN size integer",
        state_operations=[migrations.AddField("item", "size", models.IntegerField(null=True))],
    )
    only = migrations.AddConstraint("item", models.UniqueConstraint(fields=["size"], name="only"))

    assert kinds(verdicts_on(migration("0002", sql, only))) == [Kind.UNIQUE, Kind.UNKNOWN_OPERATION]


@pytest.mark.parametrize(
    ("operation", "kind", "work"),
    [
        (
            migrations.AddIndex("item", BY_TEXT),
            Kind.BUILDS_INDEX,
            "no session can write to it until index by_text is built",
        ),
        (
            migrations.AlterField("item", "text", models.CharField(max_length=100, db_index=True)),
            Kind.BUILDS_INDEX,
            "no session can write to it until the index is built for column text",
        ),
        (
            migrations.AddField("item", "code", models.IntegerField(null=True, unique=True)),
            Kind.BUILDS_INDEX,
            "no session can write to it until the index of code is built",
        ),
        (
            migrations.AddField(
                "item", "size", models.GeneratedField(expression=models.F("id"), output_field=REQUIRED, db_persist=True)
            ),
            Kind.WRITES_ALL,
            "no session can write to it until every row has its value for column size",
        ),
        (
            migrations.AddConstraint("item", NOT_EMPTY),
            Kind.READS_ALL,
            "no session can write to it until every row is checked by not_empty",
        ),
        (
            migrations.AlterField("item", "text", models.CharField(max_length=50)),
            Kind.WRITES_ALL,
            "no session can write to it until every row is rewritten for column text",
        ),
    ],
)
def test_work_that_takes_long_on_a_large_table_is_a_warning(operation, kind, work):
    waits = [verdict for verdict in verdicts_on(migration("0002", operation), size=LARGE_BYTES) if verdict.kind is kind]

    assert [(verdict.level, verdict.reason) for verdict in waits] == [
        (GateLevel.WARNING, f"shop_item holds 2,500 MB, and {work}")
    ]
    assert kind not in kinds(verdicts_on(migration("0002", operation), size=1_000_000))


@pytest.mark.parametrize(
    "operations",
    [
        [AddIndexConcurrently("item", BY_TEXT)],
        [migrations.AlterField("item", "text", models.CharField(max_length=200))],
        [migrations.AddField("item", "size", models.IntegerField(null=True))],
        [migrations.RenameIndex("item", "by_words", old_fields=("text",))],
    ],
)
def test_work_that_is_fast_at_any_size_gives_no_verdict(operations):
    assert verdicts_on(migration("0002", *operations, atomic=False), size=LARGE_BYTES) == []


def test_a_constraint_that_is_validated_later_blocks_nothing():
    verdicts = verdicts_on(
        migration("0002", AddConstraintNotValid("item", NOT_EMPTY)),
        migration("0003", ValidateConstraint("item", "not_empty")),
        size=LARGE_BYTES,
    )

    assert kinds(verdicts) == [Kind.CHECK]
