"""Objects are batched so that each statement fits."""

from types import SimpleNamespace

import pytest
from django.db.models import Value

from django_runtimes.databases.data_api.statements.batch_size import most_rows


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (["x"] * 10, 10),
        ([1] * 5000, 1000),
        (["x" * 3000] * 100, 13),
        (["x" * 100_000] * 100, 24),
        ([], 1),
    ],
)
def test_the_size_of_the_values_limits_a_batch(values, rows):
    objs = [SimpleNamespace(pk=index, text=value) for index, value in enumerate(values)]

    assert most_rows(["text"], objs, as_arrays=False) == pytest.approx(rows, rel=0.35)


def test_one_long_object_does_not_shrink_every_batch_to_one():
    objs = [SimpleNamespace(text="x" * 3000)] * 10 + [SimpleNamespace(text="x")] * 500

    assert most_rows(["text"], objs, as_arrays=False) > 100


def test_arrays_take_more_objects():
    objs = [SimpleNamespace(text="x" * 100)] * 10_000

    assert most_rows(["text"], objs, as_arrays=True) == 5000
    assert most_rows(["text"], [*objs, SimpleNamespace(text=Value(1))], as_arrays=True) < 1000


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        # As bytes of JSON: 6 for each, 2 for each, 4 for each in an array, 2 digits for each.
        ("\x01" * 100_000, 4),
        ("\n" * 100_000, 12),
        ('"' * 100_000, 6),
        ("\\" * 100_000, 6),
        (b"\x01" * 100_000, 12),
        (["ä"] * 10_000, 12),
    ],
)
def test_the_escapes_of_the_request_count(value, rows):
    objs = [SimpleNamespace(content=value)] * 100

    assert most_rows(["content"], objs, as_arrays=True) == pytest.approx(rows, rel=0.35)
