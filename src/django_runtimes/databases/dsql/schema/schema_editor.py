"""Django's schema editor, with statements that Aurora DSQL accepts, one in each transaction."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.backends.base.schema import logger
from django.db.backends.ddl_references import Columns, Statement
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.transaction import TransactionManagementError
from django.db.utils import NotSupportedError

from django_runtimes.databases.dsql.schema.added_fields import AddedFieldsMixin
from django_runtimes.databases.dsql.schema.jobs import wait_for_jobs
from django_runtimes.databases.dsql.schema.types import ModelField
from django_runtimes.databases.dsql.transactions.conflicts import repeated

if TYPE_CHECKING:
    from django.db.models import Model

# Separates two statements of one template. No SQL contains it, while strings and functions may contain semicolons.
_NEXT = "\0"
# An existing table gets a constraint for new rows; a job then checks the rows that exist.
_VALIDATED = f" NOT VALID{_NEXT}ALTER TABLE ASYNC %(table)s VALIDATE CONSTRAINT %(name)s"
_INLINE_FK = "REFERENCES %(to_table)s (%(to_column)s) DEFERRABLE INITIALLY DEFERRED"
_ASYNC_INDEX = "CREATE INDEX ASYNC %(name)s ON %(table)s%(using)s (%(columns)s)%(include)s%(extra)s%(condition)s"
_JOB = "job_id"


class DsqlSchemaEditor(AddedFieldsMixin, DatabaseSchemaEditor):
    """Changes the schema statement by statement, and waits for the jobs that the statements started.

    The rows of a change that fails half-way stay, as on MySQL. A statement that conflicted with another change of the
    schema had no effect and is repeated.
    """

    sql_create_index = _ASYNC_INDEX
    sql_create_index_concurrently = _ASYNC_INDEX
    sql_delete_index_concurrently = DatabaseSchemaEditor.sql_delete_index
    sql_create_unique = "CREATE UNIQUE INDEX ASYNC %(name)s ON %(table)s (%(columns)s)%(nulls_distinct)s"
    sql_create_unique_index = (
        "CREATE UNIQUE INDEX ASYNC %(name)s ON %(table)s (%(columns)s)%(include)s%(nulls_distinct)s%(condition)s"
    )
    sql_create_check = f"ALTER TABLE %(table)s ADD CONSTRAINT %(name)s CHECK (%(check)s){_VALIDATED}"
    sql_create_fk = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(column)s) "
        f"REFERENCES %(to_table)s (%(to_column)s)%(deferrable)s{_VALIDATED}"
    )
    sql_create_column_inline_fk = None  # type: ignore[assignment]  # Django's own default, for later statements
    sql_delete_fk = DatabaseSchemaEditor.sql_delete_constraint
    sql_update_with_default = "UPDATE %(table)s SET %(column)s = %(default)s WHERE %(column)s IS NULL"
    _unsupported_types: ClassVar[str] = (
        "add a field of the new type, copy the values in batches of at most 3,000 rows, and remove the old field"
    )

    def __enter__(self) -> "DsqlSchemaEditor":
        self._jobs: list[str] = []
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        jobs, self._jobs = self._jobs, []
        if error[0] is None:
            wait_for_jobs(self.connection, jobs)

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Execute a statement in a transaction of its own, or a constraint and its validation in two."""
        if params is not None:
            sql, params = self.connection.ops.compose_sql(str(sql), params), None
        for statement in str(sql).split(_NEXT):
            if self.collect_sql:
                super().execute(statement, None)
            else:
                self._execute_one(statement)

    def _execute_one(self, statement: str) -> None:
        if self.connection.in_atomic_block:
            raise TransactionManagementError(
                "Aurora DSQL changes the schema in a transaction of one statement; do it outside atomic(), in a "
                "migration with operations of their own"
            )
        logger.debug("%s; (params None)", statement, extra={"params": None, "sql": statement})

        def run() -> None:
            with self.connection.cursor() as cursor:
                cursor.execute(statement, None)
                if cursor.description is not None and cursor.description[0].name == _JOB:
                    self._jobs += [job for (job,) in cursor.fetchall()]

        repeated(run, using=self.connection.alias)

    def table_sql(self, model: "type[Model]") -> tuple[str, list[Any]]:
        """Return Django's statement, with the foreign keys inside it if the tables that they name exist."""
        self.sql_create_inline_fk = _INLINE_FK if self._has_referenced_tables(model) else None
        return super().table_sql(model)

    def _has_referenced_tables(self, model: "type[Model]") -> bool:
        relations: list[ModelField] = list(model._meta.local_fields)
        names = {
            field.remote_field.model._meta.db_table for field in relations if field.remote_field and field.db_constraint
        } - {model._meta.db_table}
        if self.collect_sql or not names:
            return True

        def run() -> set[str]:
            with self.connection.cursor() as cursor:
                return set(self.connection.introspection.table_names(cursor))

        return names <= repeated(run, using=self.connection.alias)

    def _alter_column_type_sql(
        self, model: "type[Model]", old_field: ModelField, new_field: ModelField, *args: Any
    ) -> Any:
        old_type, new_type = (field.db_parameters(self.connection)["type"] for field in (old_field, new_field))
        raise NotSupportedError(
            f"Aurora DSQL cannot change the type of {model._meta.db_table}.{new_field.column} from {old_type} to "
            f"{new_type}; {self._unsupported_types}"
        )

    def _create_like_index_sql(self, model: "type[Model]", field: ModelField) -> None:
        # The only collation is C, in which any index of a text serves LIKE.
        return None

    def _index_columns(self, table: str, columns: list[str], col_suffixes: Sequence[str], opclasses: Any) -> Columns:
        # An index has neither an order nor an operator class; it is read in both directions.
        return Columns(table, columns, self.quote_name)

    def _create_index_sql(self, model: "type[Model]", *, using: str = "", **options: Any) -> Statement:
        if using and "btree" not in using.lower():
            raise NotSupportedError(
                f"Aurora DSQL has no index of the type{using.lower()[6:]} on {model._meta.db_table}"
            )
        return super()._create_index_sql(model, using="", **options)

    def _delete_constraint_sql(self, template: str, model: "type[Model]", name: str) -> Statement:
        # A table is created with unique constraints, and later gets unique indexes.
        if template == self.sql_delete_unique and not self.collect_sql and not self._has_constraint(model, name):
            template = self.sql_delete_index
        return super()._delete_constraint_sql(template, model, name)
