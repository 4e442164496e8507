"""Finding the rule of a template parameter that a value breaks."""

import pytest

from django_runtimes.deploy.templates.parameter_rules import broken_rule

MEMORY = {"Type": "Number", "MinValue": 512, "MaxValue": 10240}
NAME = {"Type": "String", "MinLength": 2, "MaxLength": 4, "AllowedPattern": "[a-z]+"}


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        (MEMORY, "512", None),
        (MEMORY, "10240", None),
        (MEMORY, "100", "is less than 512"),
        (MEMORY, "10241", "is more than 10240"),
        (MEMORY, "1 GB", "is not a number"),
        (MEMORY, "nan", "is not a number"),
        ({"Type": "Number"}, "-0.5", None),
        (NAME, "ab", None),
        (NAME, "a", "is shorter than 2 characters"),
        (NAME, "abcde", "is longer than 4 characters"),
        # The pattern must match the whole value.
        (NAME, "ab1", "does not match [a-z]+"),
        (NAME | {"ConstraintDescription": "must be letters"}, "ab1", "must be letters"),
        ({"Type": "String"}, "", None),
    ],
)
def test_the_rule_that_a_value_breaks_is_stated(declared: dict[str, object], text: str, expected: str | None):
    assert broken_rule(declared, text) == expected
