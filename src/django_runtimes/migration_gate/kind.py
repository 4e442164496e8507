"""The kinds of effects that a migration has on the running version, with their levels and remedies."""

from enum import StrEnum


class GateLevel(StrEnum):
    """How certainly an effect breaks the running version."""

    # Every statement of the running version on the table fails.
    BREAKS = "breaks"
    # Some statements would fail; only the project's authors know whether the running version sends them.
    DEPENDS = "depends"
    # The running version works, but may have to wait, or a rare statement may fail.
    WARNING = "warning"


class Kind(StrEnum):
    """An effect of a migration on the running version."""

    TABLE_GONE = "table_gone"
    COLUMN_GONE = "column_gone"
    OTHER_TYPE = "other_type"
    NO_VALUE = "no_value"
    SAME_VALUE = "same_value"
    DEFAULT_GONE = "default_gone"
    NARROWER_TYPE = "narrower_type"
    COLLATION = "collation"
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    UNIQUE_GONE = "unique_gone"
    CHECK = "check"
    FOREIGN_KEY = "foreign_key"
    UNKNOWN_OPERATION = "unknown_operation"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNKNOWN_OPERATION_OF_NEW_APP = "unknown_operation_of_new_app"
    BUILDS_INDEX = "builds_index"
    READS_ALL = "reads_all"
    WRITES_ALL = "writes_all"

    @property
    def level(self) -> GateLevel:
        return _LEVELS.get(self, GateLevel.WARNING)

    @property
    def remedy(self) -> str:
        return _REMEDIES[self]


_LEVELS = {
    Kind.TABLE_GONE: GateLevel.BREAKS,
    Kind.COLUMN_GONE: GateLevel.BREAKS,
    Kind.OTHER_TYPE: GateLevel.BREAKS,
    Kind.NO_VALUE: GateLevel.BREAKS,
    Kind.SAME_VALUE: GateLevel.BREAKS,
    Kind.DEFAULT_GONE: GateLevel.BREAKS,
    Kind.NARROWER_TYPE: GateLevel.DEPENDS,
    Kind.COLLATION: GateLevel.DEPENDS,
    Kind.NOT_NULL: GateLevel.DEPENDS,
    Kind.UNIQUE: GateLevel.DEPENDS,
    Kind.UNIQUE_GONE: GateLevel.DEPENDS,
    Kind.CHECK: GateLevel.DEPENDS,
    Kind.FOREIGN_KEY: GateLevel.DEPENDS,
    Kind.UNKNOWN_OPERATION: GateLevel.DEPENDS,
}

_AFTER_WRITES = (
    "first deploy a version that writes only compliant rows, then this one; "
    'say so in the migration: compatible_because = "…"'
)
_UNLESS_SAFE = (
    'if the running version works before, during and after it, say why in the migration: compatible_because = "…"'
)
_REMEDIES = {
    Kind.TABLE_GONE: (
        "in this release, remove the model from the state only (SeparateDatabaseAndState with state_operations); "
        "drop the table with RunSQL in the next one"
    ),
    Kind.COLUMN_GONE: (
        "in this release, make the column nullable (AlterField with null=True) and remove it from the state only "
        "(SeparateDatabaseAndState with state_operations); drop it with RunSQL in the next one"
    ),
    Kind.OTHER_TYPE: (
        "add a second field of the new type, write both and copy the rows; in the next release, read the new one; "
        "then remove the old one"
    ),
    Kind.NO_VALUE: "give the field db_default=…, which stays in the database, or null=True, and require a value later",
    Kind.SAME_VALUE: "give the field null=True instead of db_default, and give each row its own value",
    Kind.DEFAULT_GONE: "remove db_default from the state only in this release; drop it with RunSQL in the next one",
    Kind.NARROWER_TYPE: _AFTER_WRITES,
    Kind.COLLATION: _UNLESS_SAFE,
    Kind.NOT_NULL: _AFTER_WRITES,
    Kind.UNIQUE: _AFTER_WRITES,
    Kind.UNIQUE_GONE: _UNLESS_SAFE,
    Kind.CHECK: _AFTER_WRITES,
    Kind.FOREIGN_KEY: _AFTER_WRITES,
    Kind.UNKNOWN_OPERATION: _UNLESS_SAFE,
    Kind.UNKNOWN_REFERENCE: "do not delete such rows until the old version has stopped",
    Kind.UNKNOWN_OPERATION_OF_NEW_APP: "review the operation if it may change tables of other apps",
    Kind.BUILDS_INDEX: (
        "build the index with AddIndexConcurrently of django.contrib.postgres.operations, in a migration with "
        "atomic = False"
    ),
    Kind.READS_ALL: (
        "add the constraint with AddConstraintNotValid of django.contrib.postgres.operations, "
        "and validate it with ValidateConstraint in a later migration"
    ),
    Kind.WRITES_ALL: "add a second column, fill it in batches, and let it replace the first one two releases later",
}
