import pytest

from django_runtimes.pinning.data_api.untyped_json import has_untyped_json


@pytest.mark.parametrize(
    ("template", "literals", "expected"),
    [
        (b"SELECT f(%s)", [b"'{\"a\": 1}'"], True),
        (b"SELECT f(%s)", [b" E'[\"\\\\n\"]'"], True),
        (b"SELECT f(%s)", [b"'{ }'"], True),
        (b"SELECT '100%%', %s::text, f(%s)", [b"'[1, 2]'", b"'[1, 2]'"], True),
        (b"SELECT '100%%', f(%s), %s::jsonb", [b"'a text'", b"'[1, 2]'"], False),
        (b"SELECT CAST(%s AS jsonb)", [b"'[1, 2]'"], False),
        (b"SELECT (%s)::jsonb", [b"'[1, 2]'"], False),
        (b"SELECT f(%s)", [b"'{\"a\": 1}'::jsonb"], False),
        (b"SELECT f(%s)", [b"'{\"a b\",c}'"], False),
        (b"SELECT f(%s)", [b"'[draft] a text'"], False),
        (b"SELECT f(%s)", [b"'[]'"], False),
        (b"SELECT f(%s), %s", [None, b"12345"], False),
    ],
)
def test_json_without_a_type_is_found(template, literals, expected):
    assert has_untyped_json(template, literals, 4) is expected
