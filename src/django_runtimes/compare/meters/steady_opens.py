"""Counts the connections that a target opens in the steady load, by scenario and rate."""

from collections import Counter

# A scenario and its rate, as in subject.py, which imports this module.
_Key = tuple[str, float | None]


class SteadyOpens:
    """Assigns each newly opened connection to the block that began last.

    A target gets no requests between its blocks, and the server may count a connection only after the block. The
    readings before successive blocks are therefore the right ones to compare.
    """

    def __init__(self) -> None:
        self._key: _Key | None = None
        self._last = 0
        self._opened: Counter[_Key] = Counter()

    def read(self, opened: int, next_block: _Key | None) -> None:
        """Take the number of connections opened so far; the next ones belong to `next_block`, or to none."""
        if self._key is not None:
            # A deployed process that reports late may lower the number.
            self._opened[self._key] += max(0, opened - self._last)
        self._key, self._last = next_block, opened

    def of(self, key: _Key) -> int | None:
        """Return the number that blocks of this scenario opened; None if it had no block."""
        return self._opened.get(key)
