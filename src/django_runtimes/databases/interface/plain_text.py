"""A connection that may be unencrypted across a network."""

from typing import NamedTuple


class PlainText(NamedTuple):
    """The server's place, and the option that allows plain text, as in "sslmode='prefer'"."""

    place: str
    option: str
