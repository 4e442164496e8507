"""The lock that runs one `webapp migrate` at a time; an engine decides how it is taken."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from django.core.management.base import CommandError

POLL_S = 0.5
# EX_TEMPFAIL of sysexits.h: the same command may succeed later.
EXIT_BUSY = 75
LOST = (
    "the connection of the migration lock is lost, so another migrate may begin: "
    "no further migration was started; run this again"
)


@dataclass(frozen=True)
class LockHolder:
    """The sessions that hold the lock, by the server's numbers; the first of them identifies the holder."""

    pids: tuple[int, ...]
    description: str

    def __str__(self) -> str:
        return self.description


class MigrationLock(ABC):
    """A lock of one database, which no other `migrate` can take until it is released or lost."""

    # How an operator ends the holder.
    remedy: str

    def take(self, *, wait_s: int, say: Callable[[str], None]) -> None:
        """Poll until the lock is free; raise CommandError with EXIT_BUSY when it is still held after `wait_s`.

        A statement that waits for the lock would hold a snapshot, and CREATE INDEX CONCURRENTLY would wait for that
        snapshot.
        """
        deadline = time.monotonic() + wait_s
        told: tuple[int, ...] = ()
        while not self._try():
            holder = self._holder()
            if holder is not None and holder.pids[:1] != told:
                told = holder.pids[:1]
                say(f"another migrate is running ({holder}): waiting up to {wait_s} s")
            if time.monotonic() >= deadline:
                raise CommandError(
                    f"another migrate is still running after --wait {wait_s} s ({holder or 'it has just begun'}); "
                    f"run this again when it has ended, or {self.remedy}",
                    returncode=EXIT_BUSY,
                )
            time.sleep(self._pause_s())

    @abstractmethod
    def check(self) -> None:
        """Raise CommandError if the lock is lost."""

    @abstractmethod
    def _try(self) -> bool:
        """Take the lock if it is free, without waiting."""

    @abstractmethod
    def _holder(self) -> LockHolder | None:
        """Return the holder, or None if the lock is free by now."""

    def _pause_s(self) -> float:
        return POLL_S


def lost_to_another() -> CommandError:
    """Return the error of a migration whose lock another process has taken."""
    return CommandError("the migration lock is lost and another migrate is running; run this again when it has ended")
