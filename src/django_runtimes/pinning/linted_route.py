"""The routes that a lint knows: the rules of each for its engines, and the words of its report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.pinning.data_api.data_api_rules import data_api_row_rules, data_api_rules, spares_data_api
from django_runtimes.pinning.data_api.returned_rows import ReturnedRows
from django_runtimes.pinning.mysql.mysql_rules import mysql_pinning_rules
from django_runtimes.pinning.origin import Origin
from django_runtimes.pinning.rules import Rule, Statement, pinning_rules


def _no_rules(rows: ReturnedRows) -> tuple[Rule, ...]:
    return ()


def _spares_nothing(rule: Rule, sent_from: Origin) -> bool:
    return False


StatementRules = Callable[[Statement], tuple[Rule, ...]]


@dataclass(frozen=True)
class LintedRoute:
    """What a lint looks for on one route, with the rules of each engine that it knows there.

    `verdict` completes "3 places would". A test with the `marker` breaks rules on purpose. `runtime` is the one under
    which the tests run, or None for their own. `spares_commands` is true if management commands use another route.
    `spares` tells whether a rule does not apply to a statement from this origin.
    """

    title: str
    verdict: str
    marker: str
    runtime: str | None
    spares_commands: bool
    rules_by_engine: Mapping[Engine, StatementRules]
    row_rules: Callable[[ReturnedRows], tuple[Rule, ...]] = _no_rules
    spares: Callable[[Rule, Origin], bool] = _spares_nothing

    def statement_rules(self, statement: Statement) -> tuple[Rule, ...]:
        """Return the rules that a statement breaks; none for an engine that has other rules on this route."""
        rules = self.rules_by_engine.get(statement.engine)
        return () if rules is None else rules(statement)

    def concerns(self, rule: Rule, sent_from: Origin) -> bool:
        """Return whether a rule applies to a statement from this origin."""
        return not self.spares(rule, sent_from)


PROXY = LintedRoute(
    title="Pin lint",
    verdict="pin RDS Proxy",
    marker="pins",
    # The runtime whose profile connects through RDS Proxy.
    runtime="aws_lambda",
    spares_commands=True,
    rules_by_engine={Engine.POSTGRESQL: pinning_rules, Engine.MYSQL: mysql_pinning_rules},
)
DATA_API = LintedRoute(
    title="Data API lint",
    verdict="fail on the Data API",
    marker="needs_session",
    runtime=None,
    spares_commands=False,
    rules_by_engine={Engine.POSTGRESQL: data_api_rules},
    row_rules=data_api_row_rules,
    spares=spares_data_api,
)
LINTED_ROUTES: Mapping[Route, LintedRoute] = {Route.PROXY: PROXY, Route.DATA_API: DATA_API}
