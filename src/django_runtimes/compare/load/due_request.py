"""One request of the load, from the moment at which it is due to its outcome."""

import time

from django_runtimes.compare.load.block import TIMEOUT, Outcome
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.remedy import remedy
from django_runtimes.compare.load.target_answer import TargetAnswer
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.workload.workload import KEY, RequestTemplate


class DueRequest:
    """A request that is about to be sent; `template` has the key of its write and the values of its user."""

    def __init__(self, template: RequestTemplate, due: float, ledger: Ledger, user: VirtualUser | None) -> None:
        """Record a write in the ledger; `due` is a moment of time.perf_counter()."""
        self._late_ms = _ms_since(due)
        self._due = due
        self._ledger = ledger
        self._user = user
        self._key: str | None = None
        if template.scenario == "write":
            self._key = ledger.open_key()
            template = template.filled({KEY: self._key})
        self.template = template if user is None else user.fill(template)

    def outcome(self, answer: TargetAnswer, *, timeout_s: float, host: str) -> Outcome:
        """Return the outcome at the moment of the answer, and acknowledge a write in the ledger."""
        latency_ms = timeout_s * 1_000 if answer.error == TIMEOUT else _ms_since(self._due)
        if self._key is not None and answer.error is None:
            self._ledger.acknowledge(self._key)
        return Outcome(
            request=self.template.name,
            latency_ms=latency_ms,
            late_ms=self._late_ms,
            error=answer.error,
            seen=self._seen(answer, host),
        )

    def _seen(self, answer: TargetAnswer, host: str) -> str:
        if answer.error is None:
            return ""
        return f"{answer.seen}; {remedy(self.template, answer, self._user, host=host)}"


def _ms_since(moment: float) -> float:
    return (time.perf_counter() - moment) * 1_000
