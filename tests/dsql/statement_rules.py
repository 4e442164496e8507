"""The statements that Aurora DSQL refuses, with its SQLSTATEs and messages, as recorded from a cluster.

The record is the one of github.com/Dreamescaper/dsql-emulator of September 2026, read for its facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from django_runtimes.databases.postgresql.session.lexer import Token, TokenKind, split_statements

_UNSUPPORTED = "0A000"
_SCHEMA = frozenset({"alter", "comment", "create", "drop", "grant", "revoke"})
_ROWS = frozenset({"delete", "insert", "merge", "update"})
_TRANSACTION = frozenset({"begin", "commit", "end", "rollback", "start", "abort"})
# By the first words of a statement.
_REFUSED = {
    ("alter", "index"): "unsupported ALTER INDEX statement",
    ("alter", "system"): "unsupported statement: AlterSystem",
    ("alter", "type"): "ALTER TYPE not supported",
    ("create", "database"): "unsupported statement: Createdb",
    ("create", "extension"): "unsupported statement: CreateExtension",
    ("create", "materialized"): "unsupported statement: CreateTableAs",
    ("create", "tablespace"): "unsupported statement: CreateTableSpace",
    ("create", "temp"): "TEMPORARY or TEMP table not supported for CREATE TABLE",
    ("create", "temporary"): "TEMPORARY or TEMP table not supported for CREATE TABLE",
    ("create", "trigger"): "CREATE TRIGGER not supported",
    ("create", "type"): "CREATE TYPE not supported",
    ("create", "unlogged"): "UNLOGGED table not supported for CREATE TABLE",
    ("declare",): "unsupported statement: DeclareCursor",
    ("discard",): "unsupported statement: Discard",
    ("drop", "database"): "unsupported statement: Dropdb",
    ("listen",): "unsupported statement: Listen",
    ("lock",): "unsupported statement: Lock",
    ("merge",): "unsupported statement type: MERGE",
    ("notify",): "unsupported statement: Notify",
    ("prepare",): "unsupported statement: Prepare",
    ("release",): "unsupported transaction statement: RELEASE",
    ("rollback", "to"): "unsupported transaction statement: ROLLBACK TO",
    ("savepoint",): "unsupported transaction statement: SAVEPOINT",
    ("set", "constraints"): "unsupported statement: ConstraintsSet",
    ("set", "session"): 'setting configuration parameter "TRANSACTION" not supported',
    ("set", "transaction"): 'setting configuration parameter "TRANSACTION" not supported',
    ("truncate",): "unsupported statement: Truncate",
    ("unlisten",): "unsupported statement: Unlisten",
    ("vacuum",): "unsupported VACUUM statement",
}
_TYPES = frozenset(
    {
        *("bit", "box", "cidr", "circle", "daterange", "inet", "int4range", "int8range"),
        *("line", "lseg", "macaddr", "macaddr8", "money", "numrange", "path", "pg_lsn"),
        *("point", "polygon", "tsquery", "tsrange", "tstzrange", "tsvector", "varbit", "xml"),
    }
)
_SERIALS = frozenset({"bigserial", "serial", "smallserial"})
_CONSTRAINTS = frozenset({"check", "default", "generated", "not", "references", "unique", "primary"})


class Refusal(NamedTuple):
    """An error of the service."""

    sqlstate: str
    message: str


@dataclass
class Transaction:
    """What the statements of an open transaction were; the ones outside are transactions of their own."""

    has_schema: bool = False
    has_rows: bool = False

    def end(self) -> None:
        """Begin again with nothing."""
        self.has_schema = self.has_rows = False


def refusal_of(statement: Sequence[Token], transaction: Transaction) -> Refusal | None:
    """Return why the service refuses a statement, and note what it changes."""
    words = [token.text if token.kind is TokenKind.WORD else "" for token in statement]
    for beginning, message in _REFUSED.items():
        if tuple(words[: len(beginning)]) == beginning:
            return Refusal(_UNSUPPORTED, message)
    refusal = _refused_part(statement, words)
    return refusal or _refused_mixture(words, transaction)


def is_commit(statement: Sequence[Token]) -> bool:
    """Return whether a statement ends a transaction with its changes."""
    return statement[0].text in {"commit", "end"}


def changes_rows(statement: Sequence[Token]) -> bool:
    """Return whether a statement changes rows."""
    return statement[0].text in _ROWS


def tokens_of(text: str) -> list[list[Token]]:
    """Return the tokens of each statement of a text."""
    return split_statements(text)


def _refused_mixture(words: list[str], transaction: Transaction) -> Refusal | None:
    if words[0] in _SCHEMA:
        if transaction.has_schema:
            return Refusal(_UNSUPPORTED, "multiple ddl statements not supported in a transaction")
        if transaction.has_rows:
            return Refusal(_UNSUPPORTED, "ddl and dml are not supported in the same transaction")
        transaction.has_schema = True
    elif words[0] in _ROWS:
        if transaction.has_schema:
            return Refusal(_UNSUPPORTED, "ddl and dml are not supported in the same transaction")
        transaction.has_rows = True
    return None


def _refused_part(statement: Sequence[Token], words: list[str]) -> Refusal | None:
    match words[:2]:
        case ["create", "index"] | ["create", "unique"]:
            return _refused_index(statement, words)
        case ["create", "table"]:
            return _refused_columns(statement, words)
        case ["alter", "table"]:
            return _refused_change(statement, words)
    if "for" in words and words[0] in {"select", "with"}:
        after = {tuple(words[place + 1 : place + 3]) for place, word in enumerate(words) if word == "for"}
        if ("no", "key") in after or any(pair[:1] == ("share",) for pair in after):
            return Refusal(_UNSUPPORTED, "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported")
    if any(word.startswith("pg_") and "advisory" in word for word in words):
        name = next(word for word in words if "advisory" in word)
        return Refusal(_UNSUPPORTED, f"function {name} not supported")
    return None


def _refused_index(statement: Sequence[Token], words: list[str]) -> Refusal | None:
    if "async" not in words[2:4]:
        return Refusal(_UNSUPPORTED, "unsupported mode. please use CREATE INDEX ASYNC.")
    if "desc" in words or "asc" in words:
        return Refusal(_UNSUPPORTED, "specifying sort order not supported for index keys")
    if "using" in words:
        return Refusal(_UNSUPPORTED, "USING clause not supported for CREATE INDEX")
    return None


def _refused_columns(statement: Sequence[Token], words: list[str]) -> Refusal | None:
    if "as" in words and "select" in words:
        return Refusal(_UNSUPPORTED, "unsupported statement: CreateTableAs")
    for place, word in enumerate(words):
        if word == "identity" and words[place + 2 : place + 3] != ["cache"]:
            return Refusal(
                _UNSUPPORTED,
                "identity column is not supported without an explicit cache size. please define CACHE greater than or "
                "equal to 65536 or equal to 1",
            )
        if word == "collate":
            return Refusal(_UNSUPPORTED, "COLLATE clause not supported")
    return _refused_type(statement, words)


def _refused_type(statement: Sequence[Token], words: list[str]) -> Refusal | None:
    for place, word in enumerate(words):
        # A type follows the name of its column, which Django quotes.
        if place == 0 or statement[place - 1].kind is not TokenKind.QUOTED:
            continue
        if word in _SERIALS:
            return Refusal("42704", f'type "{word}" does not exist')
        if word in _TYPES:
            return Refusal(_UNSUPPORTED, f"datatype {word} not supported")
        if word and "[" in (token.text for token in statement[place + 1 : place + 6]):
            return Refusal(_UNSUPPORTED, f"datatype {word}[] not supported")
    return None


def _refused_change(statement: Sequence[Token], words: list[str]) -> Refusal | None:
    actions = words[2:]
    if "validate" in actions and "async" not in actions:
        return Refusal(_UNSUPPORTED, "unsupported ALTER TABLE VALIDATE CONSTRAINT statement")
    if "type" in actions:
        return Refusal(_UNSUPPORTED, "unsupported ALTER TABLE ALTER COLUMN ... SET DATA TYPE statement")
    for first, second in pairwise(actions):
        if (first, second) == ("add", "column"):
            if _CONSTRAINTS.intersection(actions[2:]):
                return Refusal(_UNSUPPORTED, "ALTER TABLE ADD COLUMN with constraint not supported")
            return _refused_type(statement, words)
        if (first, second) == ("add", "constraint"):
            is_checked = {"check", "foreign"}.intersection(actions)
            if not is_checked or actions[-2:] != ["not", "valid"]:
                return Refusal(_UNSUPPORTED, "unsupported ALTER TABLE ADD CONSTRAINT statement")
        if first == "set" and second == "not":
            return Refusal(_UNSUPPORTED, "unsupported ALTER TABLE ALTER COLUMN ... SET NOT NULL statement")
    if _has_outer_comma(statement):
        return Refusal(_UNSUPPORTED, "multiple ALTER TABLE actions not supported")
    return None


def _has_outer_comma(statement: Sequence[Token]) -> bool:
    depth = 0
    for token in statement:
        if token.kind is TokenKind.MARK:
            depth += (token.text == "(") - (token.text == ")")
            if token.text == "," and depth == 0:
                return True
    return False
