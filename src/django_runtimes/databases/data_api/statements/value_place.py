"""Where a value stands in a statement, which decides how its literal may be merged in."""

import re
from enum import Enum

import psycopg

_NOT_IN_COMMENTS = re.compile(rb"[^A-Za-z0-9_ .,+-]")


class ValuePlace(Enum):
    """What surrounds `%s` in the text of a statement."""

    BARE = "nothing, as it should be"
    STRING = "a string"
    NAME = "an identifier in double quotes"
    BODY = "a string in dollar signs, as of a function or of DO"
    COMMENT = "a comment"

    def adapted(self, literal: bytes) -> bytes:
        """Return what stands for the literal there; raise ProgrammingError if it would end what surrounds it."""
        match self:
            case ValuePlace.BODY:
                # The string is written with escapes.
                return literal.replace(b"\\", b"\\\\").replace(b"'", b"''")
            case ValuePlace.COMMENT:
                return _NOT_IN_COMMENTS.sub(b"_", literal)
            case ValuePlace.STRING if b"'" in literal or b"\\" in literal:
                pass
            case ValuePlace.NAME if b'"' in literal:
                pass
            case _:
                return literal
        shown = literal.decode()[:40].strip()
        raise psycopg.ProgrammingError(
            f"the value {shown} stands in {self.value} of the statement, which it would end; write %s without quotes "
            "around it"
        )
