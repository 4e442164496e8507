"""Aurora DSQL's terms of a connection budget."""

from django_runtimes.databases.interface.budget_terms import BudgetTerms

DSQL_BUDGET = BudgetTerms(
    # A management command uses one connection, and another one renews the lease of `migrate`.
    operations=2,
    operations_source="a command and its lock",
    reserved={},
    reserved_source="Aurora DSQL's default",
    default_port=5432,
    has_pool=True,
    # The quota of a cluster, which nobody can raise.
    new_connections_per_s=100,
    has_proxy=False,
)
