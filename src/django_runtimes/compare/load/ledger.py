"""The account of every write sent to one target, to be compared with the rows it left."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reconciliation:
    """Writes against rows; `violations` are sentences, none when every row is accounted for."""

    acknowledged_writes: int
    ambiguous_committed: int
    rows_found: int
    violations: tuple[str, ...]


class Ledger:
    """Keys of writes, unique over a run, and which of them were acknowledged.

    A write without its expected answer is ambiguous: it may have been committed or not.
    """

    def __init__(self, run_id: str, target_index: int) -> None:
        self._prefix = f"{run_id}-{target_index}-"
        self._sent: set[str] = set()
        self._acknowledged: set[str] = set()

    @property
    def sent(self) -> int:
        """How many writes were sent."""
        return len(self._sent)

    @property
    def acknowledged(self) -> int:
        """How many writes got their expected answer."""
        return len(self._acknowledged)

    @property
    def ambiguous(self) -> int:
        """How many writes were sent without getting their expected answer."""
        return self.sent - self.acknowledged

    def open_key(self) -> str:
        """A new key, counted as sent."""
        key = f"{self._prefix}{len(self._sent)}"
        self._sent.add(key)
        return key

    def acknowledge(self, key: str) -> None:
        """Note that the write of this key got its expected answer."""
        self._acknowledged.add(key)

    def reconcile(self, found_keys: Sequence[str]) -> Reconciliation:
        """Compare with the keys of the rows that were found, one key for each row."""
        rows = Counter(found_keys)
        ambiguous = self._sent - self._acknowledged
        # Without these three, rows_found is acknowledged + ambiguous_committed.
        faults = (
            ("acknowledged writes without a row", self._acknowledged - rows.keys()),
            ("keys in more than one row", {key for key, count in rows.items() if count > 1}),
            ("keys in a row that were never sent", rows.keys() - self._sent),
        )
        return Reconciliation(
            acknowledged_writes=self.acknowledged,
            ambiguous_committed=len(ambiguous & rows.keys()),
            rows_found=rows.total(),
            violations=tuple(_violation(fault, keys) for fault, keys in faults if keys),
        )


def _violation(fault: str, keys: Collection[str]) -> str:
    return f"{fault}: {len(keys)}, such as {min(keys)!r}"
