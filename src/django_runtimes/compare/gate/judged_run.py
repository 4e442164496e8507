"""The run that conditions are judged on, and the reference of its ratios."""

from dataclasses import dataclass
from functools import cached_property

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.analysis.drift import independent_share
from django_runtimes.compare.analysis.summary import PairProblem, summarize
from django_runtimes.compare.cost.analysis import CostAnalysis, analyze_cost
from django_runtimes.compare.gate.unjudgeable import UnjudgeableError
from django_runtimes.compare.record.results import Run, TargetResult


@dataclass(frozen=True)
class JudgedRun:
    """A run, with an earlier run as the reference; without one, the run's first measured target is the reference."""

    run: Run
    # The names of the two runs in the output, if there are two.
    name: str = ""
    base: Run | None = None
    base_name: str = ""

    @cached_property
    def cost(self) -> CostAnalysis:
        """The bills of the run; raise UnjudgeableError if there are none."""
        try:
            return analyze_cost(self.run)
        except ToolError as error:
            raise UnjudgeableError(str(error)) from None

    @cached_property
    def independent(self) -> float | None:
        """The share of the blocks of both runs that count as independent; None if there is one run."""
        return None if self.base is None else independent_share((self.run, self.base))

    @property
    def measured(self) -> tuple[TargetResult, ...]:
        """The targets that did not fail."""
        return tuple(target for target in self.run.targets if target.status == "measured")

    def reference_of(self, target: TargetResult) -> TargetResult:
        """Return the target that the other's ratio is a ratio to; raise UnjudgeableError if there is none."""
        self._check_pairs(PairProblem.DIFFERS)
        if self.base is None:
            reference = self.measured[0]
            if reference is target:
                raise UnjudgeableError("it is the reference itself; name another target")
            return reference
        for each in self.base.targets:
            if each.name == target.name and each.status == "measured":
                return each
        raise UnjudgeableError(f"{self.base_name} did not measure it")

    @property
    def compared_with(self) -> str:
        """The name of the reference."""
        return self.base_name if self.base is not None else self.measured[0].name

    def check_pairs_are_judged(self) -> None:
        """Raise UnjudgeableError if an A/A pair lacks blocks; call it last, since other reasons are more specific."""
        self._check_pairs(PairProblem.UNJUDGED)

    def _check_pairs(self, excluded: PairProblem) -> None:
        for problem, name in self._pairs:
            if problem is excluded:
                raise UnjudgeableError(f"an A/A pair of {name or 'the run'} {problem}, so its ratios prove nothing")

    @cached_property
    def _pairs(self) -> tuple[tuple[PairProblem | None, str], ...]:
        runs = ((self.run, self.name), (self.base, self.base_name))
        return tuple((summarize(run).pair_problem, name) for run, name in runs if run is not None)
