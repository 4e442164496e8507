"""The engine `django_runtimes.databases.dsql`: the PostgreSQL engine within the rules of Aurora DSQL."""

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql import base

from django_runtimes.databases.dsql.dsql_columns import CHECKS, SUFFIXES, TYPES
from django_runtimes.databases.dsql.dsql_creation import DsqlCreation
from django_runtimes.databases.dsql.dsql_features import DsqlFeatures
from django_runtimes.databases.dsql.dsql_operations import DsqlOperations
from django_runtimes.databases.dsql.schema.schema_editor import DsqlSchemaEditor
from django_runtimes.databases.dsql.transactions.nested_blocks import NestedBlocksMixin
from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin

if TYPE_CHECKING:
    from django_runtimes.databases.dsql.migrating.lease_lock import LeaseLock


class DatabaseWrapper(NestedBlocksMixin, DatabaseWrapperMixin, base.DatabaseWrapper):
    """A cluster of Aurora DSQL."""

    # The name by which the library finds this engine's answers.
    library_engine = "dsql"
    display_name = "Aurora DSQL"
    data_types: dict[str, Any] = {**base.DatabaseWrapper.data_types, **TYPES}
    data_types_suffix = SUFFIXES
    data_type_check_constraints: dict[str, Any] = {
        **base.DatabaseWrapper.data_type_check_constraints,
        **CHECKS,
    }
    SchemaEditorClass = DsqlSchemaEditor
    creation_class = DsqlCreation
    features_class = DsqlFeatures
    ops_class = DsqlOperations
    # The lease of `migrate`, while this connection migrates.
    migration_lease: "LeaseLock | None" = None

    def chunked_cursor(self) -> Any:
        """Return a cursor on the client, since the service has no cursors."""
        return self.cursor()

    def check_constraints(self, table_names: Any = None) -> None:
        """Do nothing: foreign keys are checked at COMMIT, and nothing checks them before."""

    @property
    def _replaces_touched(self) -> bool:
        # The service refuses DISCARD.
        return True
