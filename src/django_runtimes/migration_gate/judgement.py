"""Judges pending migrations by their effects on the version that is still running."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import router
from django.db.migrations import (
    AlterConstraint,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTable,
    Migration,
    RenameField,
    RenameIndex,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from django_runtimes.migration_gate.complaints import Complaint, complaints
from django_runtimes.migration_gate.kind import GateLevel, Kind
from django_runtimes.migration_gate.lineage import carry_over
from django_runtimes.migration_gate.locks import waits
from django_runtimes.migration_gate.schema import SchemaReader, Table

# Operations that do not change the tables in the state.
_OUTSIDE_STATE = (AlterConstraint, AlterModelManagers, AlterModelOptions, RunPython, RunSQL, SeparateDatabaseAndState)
_WITHOUT_LONG_LOCKS = (AddConstraintNotValid, AddIndexConcurrently, RenameIndex)
_RENAMES = (AlterModelTable, RenameField, RenameModel)
_JUDGED_MODULES = ("django.db.migrations.operations.", "django.contrib.postgres.operations")
_GONE = (Kind.COLUMN_GONE, Kind.TABLE_GONE)
_REMEDY_OF_RENAMES = (
    "keep the name in the database (db_column, or db_table in Meta); "
    "or add the new one beside it, write both, and remove the old one a release later"
)
ALLOWED_BY_OPTION = "--allow"
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Verdict:
    """The effect of one operation on the running version; `allowed` is the reason to accept it, if there is one."""

    migration: str
    operation: str
    kind: Kind
    level: GateLevel
    reason: str
    remedy: str
    allowed: str | None

    @property
    def refuses(self) -> bool:
        return self.level is not GateLevel.WARNING and self.allowed is None


@dataclass(frozen=True)
class _Step:
    """An operation on the database, with the tables in the state before and after it."""

    operation: Operation
    before: Mapping[str, Table]
    after: Mapping[str, Table]


class UnappliableError(Exception):
    """Django cannot apply a migration to the state before it."""


def judge(
    plan: Sequence[Migration],
    state: ProjectState,
    *,
    alias: str,
    known_apps: Collection[str],
    sizes: Mapping[str, int],
    rolls_back_tables: bool = True,
    allowed: Collection[str] = (),
) -> list[Verdict]:
    """Return the verdicts on `plan`, in its order, without querying the database.

    `state` is the state of the running version, and is changed here; `known_apps` are the apps of that version, and
    `sizes` are the sizes of its tables in bytes. `rolls_back_tables` is whether the database changes tables within
    transactions. `allowed` are the migrations that --allow names, as app.name.
    Raises UnappliableError, which names the operation.
    """
    if not state.models:
        return []
    reader = SchemaReader(alias)
    running = reader.read(state)
    present: Mapping[str, Table] = running
    standing: list[Complaint] = []
    sizes = {name: size for name, size in sizes.items() if name in running}
    verdicts = []
    for migration in plan:
        raised: dict[Complaint, Operation] = {}
        at_once: list[tuple[Complaint, Operation]] = []
        for step in _steps_of(migration, state, reader):
            present = carry_over(step.before, step.after, present)
            known, standing = standing, complaints(running, present)
            raised |= dict.fromkeys(_raised(known, standing), step.operation)
            at_once += [(complaint, step.operation) for complaint in _unknown(step, migration, alias, known_apps)]
            if not isinstance(step.operation, _WITHOUT_LONG_LOCKS):
                at_once += [(complaint, step.operation) for complaint in waits(step.before, step.after, sizes)]
        # Other sessions do not see an effect that a later operation of the same transaction undoes.
        is_at_once = migration.atomic and rolls_back_tables
        found = [pair for pair in raised.items() if pair[0] in standing or not is_at_once]
        verdicts += [_verdict(migration, *pair, allowed) for pair in found + at_once]
    return verdicts


def name_of(migration: Migration) -> str:
    """Return app.name, as --allow accepts it."""
    return f"{migration.app_label}.{migration.name}"


def _steps_of(migration: Migration, state: ProjectState, reader: SchemaReader) -> Iterator[_Step]:
    for operation in migration.operations:
        before = state.clone()
        try:
            operation.state_forwards(migration.app_label, state)
            steps = list(_steps(operation, migration.app_label, before, state, reader))
        # Django raises KeyError and others for missing names, and a project's own operations may raise anything.
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise UnappliableError(f"{name_of(migration)}: {_label(operation)}: {reason}") from error
        yield from steps


def _steps(
    operation: Operation, app_label: str, before: ProjectState, after: ProjectState, reader: SchemaReader
) -> Iterator[_Step]:
    changed = before if isinstance(operation, _OUTSIDE_STATE) else after
    yield _Step(operation, reader.read(before), reader.read(changed))
    if isinstance(operation, SeparateDatabaseAndState):
        # As in Django, the state of the database operations is invisible to other operations.
        for database_operation in operation.database_operations:
            own = before.clone()
            database_operation.state_forwards(app_label, own)
            yield from _steps(database_operation, app_label, before, own, reader)
            before = own


def _raised(known: Sequence[Complaint], standing: Sequence[Complaint]) -> list[Complaint]:
    raised = [complaint for complaint in standing if complaint not in known]
    # After a rename, complaints about the new name merely follow from the loss of the old name.
    return [complaint for complaint in raised if complaint.kind in _GONE] or raised


def _unknown(step: _Step, migration: Migration, alias: str, known_apps: Collection[str]) -> Iterator[Complaint]:
    operation = step.operation
    module = type(operation).__module__
    if not module.startswith(_JUDGED_MODULES):
        # This includes subclasses of Django's operations, since they may do more.
        reason = f"it is an operation of {module}, which may do anything"
        yield Complaint(Kind.UNKNOWN_OPERATION, reason)
        return
    if not isinstance(operation, RunPython | RunSQL) or not _does_something(operation):
        return
    if not router.allow_migrate(alias, migration.app_label, **operation.hints):
        return
    if migration.app_label in known_apps:
        yield Complaint(Kind.UNKNOWN_OPERATION, "the gate cannot determine its effect on the running version")
    else:
        reason = f"the gate cannot determine its effect; {migration.app_label} is new to the running version"
        yield Complaint(Kind.UNKNOWN_OPERATION_OF_NEW_APP, reason)


def _does_something(operation: RunPython | RunSQL) -> bool:
    return bool(operation.sql) if isinstance(operation, RunSQL) else operation.code is not RunPython.noop


def _verdict(migration: Migration, complaint: Complaint, operation: Operation, allowed: Collection[str]) -> Verdict:
    kind = complaint.kind
    renamed = kind in _GONE and isinstance(operation, _RENAMES)
    return Verdict(
        migration=name_of(migration),
        operation=_label(operation),
        kind=kind,
        level=kind.level,
        reason=complaint.reason,
        remedy=_REMEDY_OF_RENAMES if renamed else kind.remedy,
        allowed=_allowed(migration, kind.level, allowed),
    )


def _allowed(migration: Migration, level: GateLevel, allowed: Collection[str]) -> str | None:
    if level is GateLevel.WARNING:
        return None
    if name_of(migration) in allowed:
        return ALLOWED_BY_OPTION
    reason = getattr(migration, "compatible_because", None)
    if level is GateLevel.DEPENDS and isinstance(reason, str) and reason.strip():
        return reason.strip()
    return None


def _label(operation: Operation) -> str:
    if isinstance(operation, RunPython):
        return f"RunPython {getattr(operation.code, '__qualname__', operation.code)}"
    if isinstance(operation, RunSQL):
        return f"RunSQL {shorten(str(operation.sql), _SHOWN_CHARACTERS, placeholder='…')}"
    return operation.describe()
