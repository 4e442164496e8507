"""What Aurora DSQL lacks of PostgreSQL."""

from django.db.backends.postgresql.features import DatabaseFeatures


class DsqlFeatures(DatabaseFeatures):
    """Django's features for PostgreSQL, without those that the service refuses."""

    can_clone_databases = False
    can_introspect_materialized_views = False
    can_release_savepoints = False
    can_rename_index = False
    # A transaction has one statement that changes the schema, and then none that changes rows.
    can_rollback_ddl = False
    has_select_for_no_key_update = False
    has_select_for_update_nowait = False
    has_select_for_update_of = False
    has_select_for_update_skip_locked = False
    supports_collation_on_charfield = False
    supports_collation_on_textfield = False
    supports_combined_alters = False
    supports_deferrable_unique_constraints = False
    supports_index_column_ordering = False
    supports_tablespaces = False
    uses_savepoints = False
