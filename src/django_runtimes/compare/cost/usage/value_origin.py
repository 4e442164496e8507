"""Where the values of a bill come from."""

from enum import StrEnum


class ValueOrigin(StrEnum):
    """Where a value of the usage comes from."""

    MEASURED = "measured"
    SET = "set"
    ASSUMED = "assumed"
