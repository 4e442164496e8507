"""Records every write sent to one target, to compare them with the rows in its database."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reconciliation:
    """The writes compared with the rows; `violations` are sentences, empty when every row is accounted for."""

    acknowledged_writes: int
    ambiguous_committed: int
    rows_found: int
    violations: tuple[str, ...]


class Ledger:
    """The keys of sent writes, unique in a run, and the acknowledged ones among them.

    A write without its expected answer is ambiguous: it may have been committed or not.
    """

    def __init__(self, run_id: str, target_index: int) -> None:
        self._prefix = f"{run_id}-{target_index}-"
        self._sent: set[str] = set()
        self._acknowledged: set[str] = set()

    @property
    def sent(self) -> int:
        """The number of writes that were sent."""
        return len(self._sent)

    @property
    def acknowledged(self) -> int:
        """The number of writes with the expected answer."""
        return len(self._acknowledged)

    @property
    def ambiguous(self) -> int:
        """The number of writes without the expected answer."""
        return self.sent - self.acknowledged

    def open_key(self) -> str:
        """Return a new key, and record it as sent."""
        key = f"{self._prefix}{len(self._sent)}"
        self._sent.add(key)
        return key

    def acknowledge(self, key: str) -> None:
        """Record that the write with this key got the expected answer."""
        self._acknowledged.add(key)

    def reconcile(self, found_keys: Sequence[str]) -> Reconciliation:
        """Compare the writes with the keys of the found rows, one key for each row."""
        rows = Counter(found_keys)
        ambiguous = self._sent - self._acknowledged
        # When none of these three occurs, rows_found is acknowledged + ambiguous_committed.
        faults = (
            ("acknowledged writes without a row", self._acknowledged - rows.keys()),
            ("keys in more than one row", {key for key, count in rows.items() if count > 1}),
            ("keys found in rows but never sent", rows.keys() - self._sent),
        )
        return Reconciliation(
            acknowledged_writes=self.acknowledged,
            ambiguous_committed=len(ambiguous & rows.keys()),
            rows_found=rows.total(),
            violations=tuple(_violation(fault, keys) for fault, keys in faults if keys),
        )


def _violation(fault: str, keys: Collection[str]) -> str:
    return f"{fault}: {len(keys)}, such as {min(keys)!r}"
