"""Added and removed constraints, checked against PostgreSQL."""

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models.functions import Lower

from django_runtimes.migration_gate.kind import Kind
from tests.integration.migration_gate.case import (
    NULL_INTEGER,
    Case,
    add,
    alter,
    check,
    generated,
    parametrize_cases,
    require,
    unique,
)

pytestmark = [pytest.mark.profile_free, pytest.mark.django_db]

ISBN = models.CharField(max_length=13, null=True)
PRICE_RANGE = models.Func("price", models.F("price") + 1, function="int4range")

CASES = [
    Case(
        "add a unique field with one default",
        [add("code", models.CharField(max_length=9, db_default="x", unique=True, null=True))],
        (Kind.SAME_VALUE,),
    ),
    Case("a check that comes with a field", [alter("price", models.PositiveIntegerField())], (Kind.CHECK,)),
    Case("unique", [alter("text", models.CharField(max_length=100, unique=True))], (Kind.UNIQUE,)),
    Case("a unique constraint", [unique("text")], (Kind.UNIQUE,)),
    Case("a unique expression", [unique(expressions=[Lower("text")])], (Kind.UNIQUE,)),
    Case("unique where", [unique("text", condition=models.Q(price__lt=0))], (Kind.UNIQUE,)),
    Case(
        "unique together",
        [migrations.AlterUniqueTogether("item", {("isbn", "sku"), ("text", "price")})],
        (Kind.UNIQUE,),
    ),
    Case("a check", [check(models.Q(price__gte=0))], (Kind.CHECK,)),
    Case(
        "a check of new rows only",
        [AddConstraintNotValid("item", models.CheckConstraint(condition=models.Q(price__gte=0), name="checked"))],
        (Kind.CHECK,),
    ),
    Case(
        "an exclusion",
        [require(ExclusionConstraint(name="apart", expressions=[(PRICE_RANGE, "&&")]))],
        (Kind.CHECK,),
    ),
    Case(
        "unique without distinct NULLs",
        [add("code", NULL_INTEGER), unique("code", nulls_distinct=False)],
        (Kind.UNIQUE,),
    ),
    Case(
        "a check that NULL does not pass",
        [add("size", NULL_INTEGER), check(models.Q(size__isnull=False))],
        (Kind.CHECK,),
    ),
    Case(
        "a check of a new column and a known one",
        [add("size", NULL_INTEGER), check(models.Q(size__gt=0) & models.Q(price__gt=0))],
        (Kind.CHECK,),
    ),
    Case(
        "a unique column that the database computes",
        [add("double", generated(models.F("price") * 2, models.BigIntegerField(), unique=True))],
        (Kind.UNIQUE,),
    ),
    Case(
        "a unique time",
        [add("at", models.DateTimeField(db_default=TransactionNow(), unique=True))],
        (Kind.UNIQUE,),
    ),
    Case(
        "unique together with a new column that is always the same",
        [add("code", models.IntegerField(db_default=1)), unique("text", "code")],
        (Kind.UNIQUE,),
    ),
    Case(
        "unique together in new columns that are always the same",
        [
            add("code", models.IntegerField(db_default=1)),
            add("size", models.IntegerField(db_default=1)),
            unique("code", "size"),
        ],
        (Kind.SAME_VALUE,),
    ),
    # Unique constraints that the running version relies on.
    Case("no longer unique", [alter("isbn", ISBN)], (Kind.UNIQUE_GONE,)),
    Case(
        "unique when the transaction ends",
        [alter("isbn", ISBN), unique("isbn", deferrable=models.Deferrable.DEFERRED)],
        (Kind.UNIQUE_GONE,),
    ),
    Case(
        "unique in fewer rows",
        [alter("isbn", ISBN), unique("isbn", condition=models.Q(price__lt=0))],
        (Kind.UNIQUE_GONE,),
    ),
    Case("unique in more columns", [alter("isbn", ISBN), unique("isbn", "text")], (Kind.UNIQUE_GONE,)),
    # Changes that do not affect the running version.
    Case(
        "a unique value for each row", [add("code", models.UUIDField(db_default=RandomUUID(), unique=True, null=True))]
    ),
    Case(
        "a generated column that may not be negative",
        [add("double", generated(models.F("price") * 2, models.PositiveIntegerField()))],
    ),
    Case(
        "a copy of a nullable field",
        [add("copy", generated(models.F("note"), models.TextField()))],
    ),
    Case("add a nullable unique field", [add("code", models.IntegerField(null=True, unique=True))]),
    Case("unique with a new column that is NULL", [add("code", NULL_INTEGER), unique("text", "code")]),
    Case(
        "unique together with a new column that is NULL",
        [add("code", NULL_INTEGER), migrations.AlterUniqueTogether("item", {("isbn", "sku"), ("text", "code")})],
    ),
    Case(
        "a check of a new column that is NULL",
        [add("size", NULL_INTEGER), check(models.Q(size__gt=0) | models.Q(size__in=[-1]))],
    ),
    Case("a size that may not be negative", [add("size", models.PositiveIntegerField(null=True))]),
    Case("remove a constraint", [migrations.RemoveConstraint("item", "cheap")]),
    Case(
        "the same constraint again",
        [
            migrations.RemoveConstraint("item", "cheap"),
            require(models.CheckConstraint(condition=models.Q(price__lt=10**6), name="cheap")),
        ],
    ),
    Case("a unique constraint instead of a unique field", [alter("isbn", ISBN), unique("isbn")]),
    Case(
        "a unique constraint instead of unique together",
        [migrations.AlterUniqueTogether("item", set()), unique("sku", "isbn")],
    ),
    Case("a constraint weaker than a unique field", [unique("isbn", "text", condition=models.Q(price__gt=0))]),
    Case(
        "the same check by another name",
        [
            migrations.RemoveConstraint("item", "cheap"),
            check(models.Q(price__lt=10**6)),
        ],
    ),
    Case(
        "a check weaker than the removed one",
        [migrations.RemoveConstraint("item", "cheap"), check(models.Q(price__lt=10**7))],
    ),
]


@parametrize_cases(CASES)
def test_the_gate_refuses_changes_that_break_the_running_version(case):
    case.verify()
