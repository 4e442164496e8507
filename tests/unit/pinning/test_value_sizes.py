"""Values merged into a statement are measured as PostgreSQL returns them."""

import pytest

from django_runtimes.pinning.data_api.value_sizes import returned_bytes


@pytest.mark.parametrize(
    ("literal", "size"),
    [
        (b"'a''b'", 3),
        (b" E'a\\\\b'", 3),
        (b" E'\\\\x0001'::bytea", 2),
        (b"'\\x0001'::bytea", 2),
        (b"'[\"\\u00e4\"]'::jsonb", 6),
        # It may be a column of many rows.
        (b"'{a,b}'", 0),
        (b"'{f,f}'::bool[]", 0),
        (b"12", 0),
    ],
)
def test_a_literal_is_measured(literal, size):
    assert returned_bytes(literal) == size
