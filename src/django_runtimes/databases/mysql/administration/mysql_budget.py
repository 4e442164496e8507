"""The terms of a connection budget of MySQL and MariaDB."""

from django_runtimes.databases.interface.budget_terms import BudgetTerms

MYSQL_BUDGET = BudgetTerms(
    # A management command uses one connection, and a second connection holds the lock of `migrate`.
    operations=2,
    operations_source="a command and its lock",
    # The server keeps one connection for its administrator in addition to max_connections.
    reserved={},
    reserved_source="",
    default_port=3306,
    has_pool=False,
)
