"""The ways in which a migration stands in the way of the version that still runs."""

from enum import StrEnum


class GateLevel(StrEnum):
    """How much it matters."""

    # Whatever the running version does with the table fails.
    BREAKS = "breaks"
    # It fails if the running version does a certain thing, which only those who wrote it know.
    DEPENDS = "depends"
    # It works; somebody may have to wait, or one rare statement may fail.
    WARNING = "warning"


class Kind(StrEnum):
    """What a migration does to the running version."""

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
    "deploy first a version that writes no row against it, then this one; "
    'say so in the migration: compatible_because = "…"'
)
_UNLESS_SAFE = (
    'if the running version works before, during and after it, say why in the migration: compatible_because = "…"'
)
_REMEDIES = {
    Kind.TABLE_GONE: (
        "in this release remove the model from the state alone (SeparateDatabaseAndState with state_operations); "
        "drop the table by RunSQL in the next one"
    ),
    Kind.COLUMN_GONE: (
        "in this release let the column be empty (AlterField with null=True) and remove it from the state alone "
        "(SeparateDatabaseAndState with state_operations); drop it by RunSQL in the next one"
    ),
    Kind.OTHER_TYPE: (
        "add a second field of the new type, write both and copy the rows; in the next release read the new one; "
        "then remove the former"
    ),
    Kind.NO_VALUE: "give the field db_default=…, which stays in the database; or null=True, and require it later",
    Kind.SAME_VALUE: "make it null=True without db_default, and give each row a value of its own",
    Kind.DEFAULT_GONE: "remove db_default from the state alone in this release; drop it by RunSQL in the next one",
    Kind.NARROWER_TYPE: _AFTER_WRITES,
    Kind.COLLATION: _UNLESS_SAFE,
    Kind.NOT_NULL: _AFTER_WRITES,
    Kind.UNIQUE: _AFTER_WRITES,
    Kind.UNIQUE_GONE: _UNLESS_SAFE,
    Kind.CHECK: _AFTER_WRITES,
    Kind.FOREIGN_KEY: _AFTER_WRITES,
    Kind.UNKNOWN_OPERATION: _UNLESS_SAFE,
    Kind.UNKNOWN_REFERENCE: "delete no such rows until the former version has ended",
    Kind.UNKNOWN_OPERATION_OF_NEW_APP: "read it, if it may touch tables of other apps",
    Kind.BUILDS_INDEX: (
        "build it by AddIndexConcurrently of django.contrib.postgres.operations, in a migration with atomic = False"
    ),
    Kind.READS_ALL: (
        "add a constraint by AddConstraintNotValid of django.contrib.postgres.operations, "
        "and ValidateConstraint in a later migration"
    ),
    Kind.WRITES_ALL: "add a second column, fill it in batches, and let it take the first one's place two releases on",
}
