"""A claim: its sentence, the rule for its verdict, and the scenario that tests it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from django_runtimes.compare.claims.claim_services import PROBE, ClaimServices
from django_runtimes.compare.record.claim_result import ClaimFigure, ClaimVerdict


@dataclass(frozen=True)
class Decision:
    """A verdict, and one sentence with the figures that decided it."""

    verdict: ClaimVerdict
    reason: str


@dataclass(frozen=True)
class ClaimEvidence:
    """The figures of a scenario and the decision that follows from them; `subject` is the measured application."""

    figures: tuple[ClaimFigure, ...]
    decision: Decision
    subject: str = PROBE


@dataclass(frozen=True)
class Claim:
    """A claim and its test; `emulated` states which conclusions about AWS the figures do not support.

    `expected_s` is an estimate of the test's duration on two CPUs that do nothing else.
    """

    name: str
    sentence: str
    measured: str
    rule: str
    emulated: str
    expected_s: float
    test: Callable[[ClaimServices], Awaitable[ClaimEvidence]]


def confirmed(reason: str) -> Decision:
    """Return the decision that the figures confirm a claim."""
    return Decision(ClaimVerdict.CONFIRMED, reason)


def refuted(reason: str) -> Decision:
    """Return the decision that the figures refute a claim."""
    return Decision(ClaimVerdict.REFUTED, reason)


def not_shown(reason: str) -> Decision:
    """Return the decision that the figures neither confirm nor refute a claim."""
    return Decision(ClaimVerdict.NOT_SHOWN, reason)
