"""Counts a request in the aligned window of its client."""

import hashlib
import math
import time
from functools import lru_cache

from django.conf import settings

from django_runtimes.config.values.request_rate import RequestRate
from django_runtimes.stores.counters.process_counter import process_counter
from django_runtimes.throttling.exhausted import ExhaustedCounters
from django_runtimes.throttling.quota import Quota
from django_runtimes.throttling.throttle_rule import ThrottleRule

# The clocks of the machines may differ, so a counter outlives its window.
_MARGIN_S = 60

_exhausted = ExhaustedCounters()


def count(rule: ThrottleRule, rate: RequestRate, client: str) -> Quota:
    """Count one request of a client, and return its quota; raise StoreUnavailableError if that is not possible.

    Windows begin at multiples of their length since 1970, so that all processes agree on them.
    """
    now_s = time.time()
    window = int(now_s // rate.window_s)
    ends_at_s = (window + 1) * rate.window_s
    key = f"throttle:{_digest(rule.bucket, client)}:{rate.limit}/{rate.window_s}:{window}"
    counted = rate.limit + 1
    if not _exhausted.has(key, now_s):
        counted = process_counter().count(key, rate.limit, ends_at_s + _MARGIN_S)
        if counted >= rate.limit:
            _exhausted.add(key, now_s)
    return Quota(
        policy=rule.policy,
        rate=rate,
        remaining=max(0, rate.limit - counted),
        reset_s=max(1, math.ceil(ends_at_s - now_s)),
        is_exceeded=counted > rate.limit,
    )


def _digest(bucket: str, client: str) -> str:
    """Return a short name of a client, from which nobody without the secret key can tell its address."""
    text = f"{bucket}\0{client}".encode(errors="backslashreplace")
    return hashlib.blake2b(text, key=_hash_key(settings.SECRET_KEY), digest_size=16).hexdigest()


@lru_cache(maxsize=2)
def _hash_key(secret_key: str | bytes) -> bytes:
    return hashlib.sha256(secret_key if isinstance(secret_key, bytes) else secret_key.encode()).digest()
