"""One login for all threads of a process, which one of them at a time renews."""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django_runtimes.databases.credentials.provider import ConnectionLogin, CredentialsError
from django_runtimes.databases.moment import Moment

logger = logging.getLogger(__name__)

# Without a login every request would ask: an outage must not become a storm of calls, nor a line of threads.
_PAUSE_S = 1.0
# While the former login serves on, the thread that asks in vain keeps a request waiting.
_RETRY_AFTER_S = 10.0


@dataclass(frozen=True)
class _Held:
    login: ConnectionLogin
    since: Moment


class Renewal:
    """Calls `fetch` on first use, and again when the login is older than `renew_after_s`.

    When that fails, the former login serves on until it is older than `usable_for_s`. Without one, all who wait get
    the same failure, and who comes within a second gets it too.
    """

    def __init__(
        self, fetch: Callable[[], ConnectionLogin], *, renew_after_s: float, usable_for_s: float = math.inf
    ) -> None:
        self._fetch = fetch
        self._renew_after_s = renew_after_s
        self._usable_for_s = usable_for_s
        self._lock = threading.Lock()
        self._held: _Held | None = None
        # Why the last attempt failed; None when it did not.
        self._failure: str | None = None
        self._attempts = 0
        self._tried_at = Moment.now()

    def login(self) -> ConnectionLogin:
        """A login that is good now; CredentialsError when there is none and none can be had."""
        attempts, login = self._attempts, self._usable()
        if login is not None and not self._is_due():
            return login
        # Who has a login need not wait for the thread that renews it.
        if not self._lock.acquire(blocking=login is None):
            assert login is not None, "only who has one does not wait"  # noqa: S101
            return login
        try:
            if self._attempts == attempts and self._is_due():
                self._try()
            login, failure = self._usable(), self._failure
        finally:
            self._lock.release()
        if login is None:
            # Raised here, where no variable holds what was fetched: error pages and trackers show them.
            raise CredentialsError(failure or "no login was fetched")
        return login

    def replace(self, refused: ConnectionLogin) -> bool:
        """Fetch another login when the refused one is held; whether another is held now."""
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
                logger.warning("%s; the former login serves on", error)
        self._tried_at = Moment.now()
        self._attempts += 1
