"""Collects the statements of a test run that break a rule of a route, and counts the others."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from django_runtimes.pinning.data_api.returned_rows import ReturnedRows
from django_runtimes.pinning.linted_route import PROXY, LintedRoute
from django_runtimes.pinning.origin import Origin, Sender, origin
from django_runtimes.pinning.rules import Rule, Statement

_SHOWN_CHARACTERS = 120


class LeftOut(StrEnum):
    """Senders whose statements are counted but not reported, though they break a rule."""

    MANAGEMENT_COMMANDS = "management_commands"
    MARKED_TESTS = "marked_tests"


@dataclass(repr=False)
class LintFinding:
    """A place in the code that breaks a rule: its first statement (shortened), the number of times, and the tests."""

    rule: Rule
    origin: Origin
    statement: str
    times: int = 0
    tests: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        place = self.origin.place
        return f"{self.rule.name}: {self.statement} (sent by {place.file}:{place.line})"


class Findings:
    """Collects findings while tests run; any thread may call `observe()`."""

    def __init__(self, route: LintedRoute = PROXY) -> None:
        self.route = route
        self.statements = 0
        self.tests = 0
        self.left_out: Counter[LeftOut] = Counter()
        self._found: dict[tuple[Rule, Origin], LintFinding] = {}
        self._test: str | None = None
        self._reason: str | None = None
        self._sent_by_test = 0
        self._lock = Lock()

    @property
    def found(self) -> list[LintFinding]:
        """The findings, the most frequent first."""
        return sorted(self._found.values(), key=lambda finding: (-finding.times, repr(finding)))

    def begin_test(self, name: str, *, reason: str | None) -> None:
        """Note the start of a test's body; `reason` is why the test breaks rules on purpose."""
        with self._lock:
            self._test, self._reason, self._sent_by_test = name, reason, 0

    def end_test(self) -> None:
        """Note the end of the test's body; later statements belong to its fixtures."""
        with self._lock:
            self.tests += self._sent_by_test > 0
            self._test = self._reason = None

    def observe(self, statement: Statement) -> None:
        """Count a statement, and keep it if it breaks a rule."""
        rules = self.route.statement_rules(statement)
        with self._lock:
            if self._test is not None:
                self.statements += 1
                self._sent_by_test += 1
            if rules:
                self._keep(statement, rules)

    def observe_rows(self, rows: ReturnedRows) -> None:
        """Keep the statement of a result that breaks a rule."""
        broken = self.route.row_rules(rows)
        if broken:
            with self._lock:
                self._keep(rows.statement, broken)

    def _keep(self, statement: Statement, rules: tuple[Rule, ...]) -> None:
        sent_from = origin()
        if sent_from.sender is Sender.COMMAND and self.route.spares_commands:
            if self._test is not None:
                self.left_out[LeftOut.MANAGEMENT_COMMANDS] += 1
            return
        if sent_from.sender is Sender.TEST_CASE or (self._test is None and sent_from.sender is not Sender.CONNECTING):
            return
        rules = tuple(rule for rule in rules if self.route.concerns(rule, sent_from))
        if not rules:
            return
        if self._reason is not None:
            self.left_out[LeftOut.MARKED_TESTS] += 1
            return
        for rule in rules:
            finding = self._found.setdefault(
                (rule, sent_from), LintFinding(rule, sent_from, _shortened(statement.text))
            )
            finding.times += 1
            if self._test is not None and self._test not in finding.tests:
                finding.tests.append(self._test)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[: _SHOWN_CHARACTERS - 1]}…"
