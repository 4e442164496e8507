"""PostgreSQL's terms of a connection budget."""

from django_runtimes.databases.interface.budget_terms import BudgetTerms

POSTGRESQL_BUDGET = BudgetTerms(
    # A management command uses one connection, and a second connection holds the lock of `migrate`.
    operations=2,
    operations_source="a command and its lock",
    reserved={"superuser_reserved_connections": 3},
    reserved_source="PostgreSQL's default",
    default_port=5432,
    has_pool=True,
)
