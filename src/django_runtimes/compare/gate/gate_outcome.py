"""The outcome of a condition for one target under one load."""

from dataclasses import dataclass

from django_runtimes.compare.gate.gate_condition import FailCondition
from django_runtimes.compare.gate.gate_figure import GateFigure, GateVerdict
from django_runtimes.compare.gate.gate_metric import METRICS, GateMetric
from django_runtimes.compare.layout.figures import milliseconds, ratio


@dataclass(frozen=True)
class GateOutcome:
    """A verdict on one figure; without a figure, `reason` says why the condition cannot be judged."""

    condition: FailCondition
    # The target, with its load or its run where several are possible.
    subject: str
    verdict: GateVerdict
    figure: GateFigure | None = None
    # What a ratio is a ratio to.
    compared_with: str = ""
    reason: str = ""

    @property
    def line(self) -> str:
        """The outcome as one line of the output."""
        return f"{self.verdict}: {self._text} (--fail-if {self.condition.text!r})"

    @property
    def _text(self) -> str:
        condition, figure = self.condition, self.figure
        if figure is None:
            return f"{self.subject}: {condition.metric.name} cannot be judged: {self.reason}"
        above = {
            GateVerdict.HOLDS: "above",
            GateVerdict.PASSES: "not above",
            GateVerdict.UNDECIDED: "not surely above",
        }[self.verdict]
        value = f"{self._formatted(figure.value)}{self._interval(figure)}"
        of = f" of {self.compared_with}" if self.compared_with else ""
        unverified = f"; not verified: {', '.join(figure.unverified)}" if figure.unverified else ""
        assumed = f"; assumed: {', '.join(figure.assumed)}" if figure.assumed else ""
        return (
            f"{self.subject}: {condition.metric.name} {value}{of}, {above} {condition.limit_text}{unverified}{assumed}"
        )

    def _interval(self, figure: GateFigure) -> str:
        if figure.confidence is None:
            return ""
        low, high = ("?" if bound is None else self._formatted(bound) for bound in (figure.low, figure.high))
        return f" ({low} to {high}, {100 * figure.confidence:.3g}% interval)"

    def _formatted(self, value: float) -> str:
        if self.condition.is_ratio:
            return f"{ratio(value)}x"
        return _formatted(self.condition.metric, value)


def _formatted(metric: GateMetric, value: float) -> str:
    if metric is METRICS["errors"]:
        return f"{value:.3g}%"
    if metric.has_ratio:
        return f"{milliseconds(value)} ms"
    return f"{value:g}" if metric is METRICS["connections"] else f"{value:,.2f} USD"
