"""One login for all threads of a process; one thread at a time renews it."""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.moment import Moment

logger = logging.getLogger(__name__)

# Without a login, each request would try to fetch one. An outage must not cause a storm of calls or a queue of threads.
_PAUSE_S = 1.0
# This is longer, since the previous login is still used and each failed attempt delays one request.
_RETRY_AFTER_S = 10.0


@dataclass(frozen=True)
class _Held:
    login: ConnectionLogin
    since: Moment


class Renewal:
    """Calls `fetch` on first use, and again when the login is older than `renew_after_s`.

    If `fetch` fails, the previous login is used until it is older than `usable_for_s`. Without a previous login, all
    waiting calls raise the same error, and so do calls in the next second.
    """

    def __init__(
        self, fetch: Callable[[], ConnectionLogin], *, renew_after_s: float, usable_for_s: float = math.inf
    ) -> None:
        self._fetch = fetch
        self._renew_after_s = renew_after_s
        self._usable_for_s = usable_for_s
        self._lock = threading.Lock()
        self._held: _Held | None = None
        # Why the last attempt failed; None after a success.
        self._failure: str | None = None
        self._attempts = 0
        self._tried_at = Moment.now()

    def login(self) -> ConnectionLogin:
        """Return a valid login; raise CredentialsError when there is none and none can be fetched."""
        attempts, login = self._attempts, self._usable()
        if login is not None and not self._is_due():
            return login
        # With a valid login there is no need to wait for the thread that renews it.
        if not self._lock.acquire(blocking=login is None):
            assert login is not None, "a call without a login waits for the lock"  # noqa: S101
            return login
        try:
            if self._attempts == attempts and self._is_due():
                self._try()
            login, failure = self._usable(), self._failure
        finally:
            self._lock.release()
        if login is None:
            # Error pages and trackers show local variables, so the error is raised here, where none of them holds a
            # secret.
            raise CredentialsError(failure or "no login was fetched")
        return login

    def replace(self, refused: ConnectionLogin) -> bool:
        """Fetch a new login if the refused one is held; return whether the held login differs from it."""
        attempts = self._attempts
        with self._lock:
            if self._holds(refused) and self._attempts == attempts and self._tried_at.age_s >= _PAUSE_S:
                self._try()
            return not self._holds(refused)

    def _usable(self) -> ConnectionLogin | None:
        held = self._held
        return held.login if held is not None and held.since.age_s < self._usable_for_s else None

    def _is_due(self) -> bool:
        if self._failure is not None:
            return self._tried_at.age_s >= (_PAUSE_S if self._usable() is None else _RETRY_AFTER_S)
        return self._held is None or self._held.since.age_s >= self._renew_after_s

    def _holds(self, login: ConnectionLogin) -> bool:
        return self._held is not None and self._held.login == login

    def _try(self) -> None:
        began_at = Moment.now()
        try:
            self._held = _Held(self._fetch(), began_at)
            self._failure = None
        except CredentialsError as error:
            self._failure = str(error)
            if self._usable() is not None:
                logger.warning("%s; the previous login is still used", error)
        self._tried_at = Moment.now()
        self._attempts += 1
