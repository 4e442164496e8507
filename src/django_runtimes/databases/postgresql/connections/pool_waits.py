"""Counts how long the requests of this process waited for a connection of a pool."""

import logging
import mmap
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from django_runtimes.config.values.wait_buckets import WAIT_SLOTS, bucket_of

_BYTES_PER_SLOT = 8
_US_PER_S = 1_000_000
_logger = logging.getLogger(__name__)


class PoolWaits:
    """The sum of the waits in microseconds, and the number of waits in each bucket, of all pools.

    It counts from `start()` on. With `keep_in()` it does too, and the numbers are in a file of this process, which
    another process may read at any time.
    """

    def __init__(self) -> None:
        self._is_on = False
        self._note: Callable[[float, bool], None] | None = None
        self._directory: Path | None = None
        # A finalizer may run a query in the middle of add().
        self._lock = threading.RLock()
        self._slots: memoryview[int] | None = None
        os.register_at_fork(after_in_child=self._begin_again)

    def start(self) -> None:
        """Count the waits from now on."""
        self._is_on = True

    def keep_in(self, directory: Path) -> None:
        """Keep the numbers in a file of this directory from the first wait on, instead of in memory."""
        self._directory = directory
        self.start()

    def pass_on(self, note: Callable[[float, bool], None]) -> None:
        """Call `note` on the waiting thread after each wait, with the seconds and whether the pool's time ran out."""
        self._note = note

    def add(self, waited_s: float, *, timed_out: bool = False) -> None:
        """Count one wait, if counting has started."""
        if self._note is not None:
            self._note(waited_s, timed_out)
        if not self._is_on:
            return
        waited_us = int(waited_s * _US_PER_S)
        bucket = 1 + bucket_of(waited_us)
        with self._lock:
            slots = self._slots
            if slots is None:
                slots = self._slots = self._open()
            slots[0] += waited_us
            slots[bucket] += 1

    @property
    def total_us(self) -> int:
        """The sum of all waits."""
        return 0 if self._slots is None else self._slots[0]

    @property
    def counts(self) -> dict[int, int]:
        """The number of waits by bucket, without empty buckets."""
        slots = self._slots
        return {} if slots is None else {bucket: count for bucket, count in enumerate(slots[1:]) if count}

    def _begin_again(self) -> None:
        # A child process has waits of its own, and the inherited lock may be held by one of the parent's threads.
        self._lock = threading.RLock()
        self._slots = None

    def _open(self) -> "memoryview[int]":
        empty = bytes(WAIT_SLOTS * _BYTES_PER_SLOT)
        if self._directory is not None:
            # Process ids are unique only within a container.
            path = self._directory / f"{os.getpid()}-{secrets.token_hex(4)}"
            try:
                path.write_bytes(empty)
                with path.open("r+b") as file:
                    return memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
            except OSError as error:
                _logger.warning("Cannot keep the waits for connections in %s: %s", self._directory, error)
        return memoryview(bytearray(empty)).cast("Q")


POOL_WAITS = PoolWaits()
