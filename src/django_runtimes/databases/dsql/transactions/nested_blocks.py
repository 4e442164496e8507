"""Nested `atomic` blocks without savepoints: the whole transaction fails with them, and nothing is lost silently."""

import sys
from typing import TYPE_CHECKING, Any

from django.db.utils import NotSupportedError

if TYPE_CHECKING:
    from django_runtimes.databases.postgresql.types import WrapperBase
else:
    WrapperBase = object

# A savepoint that does not exist.
_NONE_EXISTS = "aurora_dsql_has_no_savepoints"


class LostTransactionError(RuntimeError):
    """A block ended without an error, but its transaction was rolled back because of an inner block."""


class NestedBlocksMixin(WrapperBase):
    """Rolls the whole transaction back if an inner block fails, and raises an error if nothing else would show it.

    Django would roll back silently if the inner block's exception was caught and no query followed. The error is not
    one of the database's, which Django would catch.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_lost_block = False
        # The exception that is being handled where the outermost block began, if any.
        self._handled_before: BaseException | None = None

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:  # noqa: FBT001  (Django's signature)
        """Set autocommit as Django does; an outermost `atomic` block begins so."""
        if not autocommit:
            self._has_lost_block = False
            self._handled_before = sys.exc_info()[1]
        super().set_autocommit(autocommit, *args, **kwargs)

    def savepoint(self) -> str | None:
        """Create no savepoint, and return an identifier that can only be released."""
        return _NONE_EXISTS if not self.get_autocommit() else None

    def savepoint_commit(self, sid: str) -> None:
        """Do nothing: what the block did stays in the transaction."""

    def savepoint_rollback(self, sid: str) -> None:
        """Raise NotSupportedError; the transaction is rolled back as a whole."""
        self.validate_thread_sharing()
        if self.in_atomic_block:
            self.needs_rollback = True
        self._has_lost_block = True
        raise NotSupportedError(
            "Aurora DSQL has no savepoints, so an inner block cannot be rolled back alone; its whole transaction is"
        )

    def set_rollback(self, rollback: bool) -> None:  # noqa: FBT001  (Django's signature)
        """Mark the transaction as Django does; it is then rolled back on purpose."""
        super().set_rollback(rollback)
        self._has_lost_block = False

    def rollback(self) -> None:
        """Roll back as Django does; raise LostTransactionError if the outermost block is ending without an error."""
        has_lost_block, self._has_lost_block = self._has_lost_block, False
        super().rollback()
        if has_lost_block and sys.exc_info()[1] is self._handled_before:
            raise LostTransactionError(
                "the transaction was rolled back: an inner atomic() block failed, and Aurora DSQL has no savepoint to "
                "go back to; let the inner block's error leave the outer block, or check before writing"
            )
