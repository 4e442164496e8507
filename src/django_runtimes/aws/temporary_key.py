"""Credentials that expire, and their renewal."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django_runtimes.aws.signature import AccessKey

# Credentials are renewed when they would expire within this time, and used to their end if that fails.
_RENEW_BEFORE = timedelta(minutes=5)


class AwsCredentialsError(OSError):
    """Cannot load the AWS credentials; the next attempt may succeed."""


class TemporaryKey(NamedTuple):
    """The access key of a role, and the moment at which it expires, in UTC."""

    access_key: AccessKey
    expires_at: datetime


class RenewedKey:
    """Loads a role's key on first use, and again before it expires; for all threads."""

    def __init__(self, load: Callable[[], TemporaryKey]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._key: TemporaryKey | None = None

    def access_key(self, valid_for_s: float) -> AccessKey:
        """Return a key that is valid for this time; raise AwsCredentialsError if it cannot be loaded.

        A role with shorter credentials gives shorter ones.
        """
        # Other threads wait for the thread that loads, instead of asking as well.
        with self._lock:
            key = self._key
            needed = timedelta(seconds=valid_for_s)
            if key is None or self._rest(key) < max(needed, _RENEW_BEFORE):
                try:
                    self._key = self._load()
                except AwsCredentialsError:
                    if key is None or self._rest(key) < needed:
                        raise
                else:
                    key = self._key
            return key.access_key

    def _rest(self, key: TemporaryKey) -> timedelta:
        return key.expires_at - datetime.now(UTC)
