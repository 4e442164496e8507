"""Constraints that imply others."""

from decimal import Decimal

import pytest
from django.db.models import F, Q

from django_runtimes.migration_gate.constraints import Check, Unique


def check(condition):
    return Check("known", frozenset(), repr(condition), condition=condition)


def unique(*keys, **options):
    return Unique("known", frozenset(keys), **options)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (Q(price__lt=10), Q(price__lt=10)),
        (Q(price__lt=10), Q(price__lt=Decimal("10.5"))),
        (Q(price__gte=10), Q(price__gte=0)),
        (Q(price__lt=10, size=1), Q(price__lt=10)),
        (Q(status__in=["a", "b"]), Q(status__in=["b", "a", "c"])),
        (Q(price__gt=F("cost")), Q(price__gt=F("cost"))),
        (~Q(text=""), ~Q(text="")),
    ],
)
def test_a_check_implies_a_weaker_check(known, asked):
    assert check(known).implies(check(asked))


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (Q(price__lt=10), Q(price__lt=9)),
        (Q(price__gt=10), Q(price__lt=10)),
        (Q(price__lt=10), Q(size__lt=10)),
        (Q(price__lt=10), Q(price__lt=10, size=1)),
        (Q(price__lt=10) | Q(size=1), Q(price__lt=10)),
        (~Q(price__lt=10), ~Q(price__lt=20)),
        (Q(status__in=["a", "b"]), Q(status__in=["a"])),
        (Q(price__lt=F("cost")), Q(price__lt=10)),
        (Q(text__lt="a"), Q(text__lt="b")),
    ],
)
def test_a_check_does_not_imply_a_check_that_may_be_stricter(known, asked):
    assert not check(known).implies(check(asked))


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (unique("text"), unique("text", "price")),
        (unique("text"), unique("text", condition="price < 0")),
        (unique("text"), unique("text", deferrable="deferred")),
        (unique("text", nulls_distinct=False), unique("text")),
    ],
)
def test_a_unique_constraint_implies_only_weaker_constraints(known, asked):
    assert known.implies(asked)
    assert not asked.implies(known)
