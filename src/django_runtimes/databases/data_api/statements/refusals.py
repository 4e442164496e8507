"""The statements that the Data API refuses, or whose effect it loses, since it keeps no session between statements.

Source: the Aurora user guide, "Using the Amazon RDS Data API". Only a statement's text is read, not the bodies of
functions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from django_runtimes.databases.postgresql.session.lexer import Token, TokenKind, split_statements
from django_runtimes.databases.postgresql.session.statement_parts import (
    PREPARED_WORDS,
    SESSION_LOCKS,
    called_functions,
    makes_temporary,
    uses_prepared,
    without_explain,
    words_of,
)

# Applications repeat the same few statements.
_REMEMBERED_STATEMENTS = 256
_PREFIX = "the Data API keeps no session between statements"


@dataclass(frozen=True)
class StatementRefusal:
    """One limit of the Data API: its name in reports, the reason, and the way round."""

    name: str
    reason: str
    remedy: str


LISTEN = StatementRefusal(
    "listen", f"{_PREFIX}, so LISTEN receives nothing", "use a queue, or listen in a process on the route direct"
)
COPY = StatementRefusal(
    "copy",
    "the Data API has no COPY",
    "write with bulk_create(), read with iterator(), or import files with the extension aws_s3",
)
SESSION_LOCK = StatementRefusal(
    "advisory lock",
    f"{_PREFIX}, so a session's advisory lock would stay in a session of the service",
    "use pg_advisory_xact_lock() or pg_try_advisory_xact_lock() inside atomic()",
)
EXPLAIN_XML = StatementRefusal(
    "explain xml", "the Data API cannot return the type xml", "use FORMAT JSON, FORMAT YAML or FORMAT TEXT"
)
TRANSACTION = StatementRefusal(
    "transaction control",
    "the Data API begins and ends transactions by calls of its own, not by statements",
    "use atomic(), or set_autocommit(False) with commit() and rollback()",
)
SETTING = StatementRefusal(
    "session setting",
    f"{_PREFIX}, so the setting would not last, or would last for another request",
    "use SET LOCAL inside atomic(), or set the value on the role (ALTER ROLE ... SET)",
)
PREPARED = StatementRefusal(
    "prepared statement",
    f"{_PREFIX}, so a prepared statement is not found again",
    "send the statement itself",
)
TEMPORARY = StatementRefusal(
    "temporary object",
    f"{_PREFIX}, so a temporary object is not found again",
    "use WITH ... AS, or create the table inside atomic() with ON COMMIT DROP",
)
CURSOR = StatementRefusal(
    "cursor",
    f"{_PREFIX}, so a cursor is not found again",
    "use iterator(), or open and read the cursor inside one atomic()",
)
LOCK = StatementRefusal(
    "lock", f"{_PREFIX}, so LOCK has no effect outside a transaction", "lock the table inside atomic()"
)
SEQUENCE = StatementRefusal(
    "sequence function",
    f"{_PREFIX}, so currval() and lastval() have no value outside a transaction",
    "read the value with RETURNING",
)

_BEGINNINGS = {
    "listen": LISTEN,
    "unlisten": LISTEN,
    "copy": COPY,
    "begin": TRANSACTION,
    "start": TRANSACTION,
    "commit": TRANSACTION,
    "end": TRANSACTION,
    "rollback": TRANSACTION,
    "abort": TRANSACTION,
    "set": SETTING,
    "reset": SETTING,
    "discard": SETTING,
    "load": SETTING,
}
_BEGINNINGS_OUTSIDE = {"declare": CURSOR, "fetch": CURSOR, "move": CURSOR, "close": CURSOR, "lock": LOCK}
_FUNCTIONS_OUTSIDE = {"currval": SEQUENCE, "lastval": SEQUENCE}
# These statements end with their transaction on every route.
_SET_IN_TRANSACTION = frozenset({"local", "transaction", "constraints"})
# Tokenizing is slow, so that only statements are tokenized that begin with one of these words or may call a function.
_START = r"(?:\s|--[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/|\(|;)*"
_WORDS = rf"(?:create|explain|{'|'.join((*_BEGINNINGS, *_BEGINNINGS_OUTSIDE, *PREPARED_WORDS))})\b"
_BEGINS = re.compile(_START + _WORDS, re.IGNORECASE | re.DOTALL)
_BEGINS_LATER = re.compile(f";{_START}{_WORDS}", re.IGNORECASE | re.DOTALL)
_PARTS_OF_NAMES = ("advisory", "set_config", "currval", "lastval", "temp")
_NAMES = re.compile(
    rf"\b(?:set_config|{'|'.join((*_FUNCTIONS_OUTSIDE, *SESSION_LOCKS))})\b"
    r"|\binto\s+(?:(?:local|global)\s+)?temp|\bpg_temp"
)


def refusals_of(sql: str, *, is_in_transaction: bool) -> tuple[StatementRefusal, ...]:
    """Return what the Data API would refuse or lose; the text may consist of several statements.

    `is_in_transaction` says whether the statement belongs to a transaction, which keeps its session until it ends.
    """
    return _examined(sql, is_in_transaction) if _is_suspect(sql) else ()


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def _examined(sql: str, is_in_transaction: bool) -> tuple[StatementRefusal, ...]:  # noqa: FBT001  (the cache's key)
    refusals: dict[StatementRefusal, None] = {}
    for tokens in split_statements(sql):
        refusals.update(dict.fromkeys(_always_refused(tokens)))
        if not is_in_transaction:
            refusals.update(dict.fromkeys(_refused_outside(tokens)))
    return tuple(refusals)


def _is_suspect(sql: str) -> bool:
    if _BEGINS.match(sql) or (";" in sql and _BEGINS_LATER.search(sql)):
        return True
    lowered = sql.lower()
    return any(part in lowered for part in _PARTS_OF_NAMES) and _NAMES.search(lowered) is not None


def _always_refused(tokens: Sequence[Token]) -> Iterator[StatementRefusal]:
    executed = without_explain(tokens)
    words = words_of(executed)
    if words and words[0] in _BEGINNINGS and not _keeps_no_state(words):
        yield _BEGINNINGS[words[0]]
    if _explains_as_xml(tokens):
        yield EXPLAIN_XML
    if uses_prepared(words):
        yield PREPARED
    if any(name in SESSION_LOCKS for name in called_functions(executed)):
        yield SESSION_LOCK
    if _sets_for_session(executed):
        yield SETTING


def _refused_outside(tokens: Sequence[Token]) -> Iterator[StatementRefusal]:
    executed = without_explain(tokens)
    words = words_of(executed)
    if words and words[0] in _BEGINNINGS_OUTSIDE:
        yield _BEGINNINGS_OUTSIDE[words[0]]
    if makes_temporary(executed):
        yield TEMPORARY
    for name in called_functions(executed):
        if name in _FUNCTIONS_OUTSIDE:
            yield _FUNCTIONS_OUTSIDE[name]


def _keeps_no_state(words: Sequence[str | None]) -> bool:
    """Match SET LOCAL and its like, ROLLBACK TO, and COMMIT or ROLLBACK PREPARED."""
    if words[0] == "set":
        return len(words) > 1 and words[1] in _SET_IN_TRANSACTION
    rest = [word for word in words[1:3] if word not in ("work", "transaction")]
    return rest[:1] in (["to"], ["prepared"])


def _explains_as_xml(tokens: Sequence[Token]) -> bool:
    options = tokens[: len(tokens) - len(without_explain(tokens))]
    return ("format", "xml") in pairwise(token.text for token in options)


def _sets_for_session(tokens: Sequence[Token]) -> bool:
    """Return whether set_config() is called with another last argument than `true` or a value's place, `%s`."""
    if "set_config" not in called_functions(tokens):
        return False
    accepted = ((TokenKind.WORD, "true"), (TokenKind.WORD, "s"))
    return any(
        token.text == "set_config" and _last_argument(tokens[at + 1 :]) not in accepted
        for at, token in enumerate(tokens)
    )


def _last_argument(tokens: Sequence[Token]) -> Token | None:
    """Return the token before the parenthesis that closes the first one."""
    depth = 0
    for before, token in pairwise(tokens):
        depth += {"(": 1, ")": -1}.get(before.text, 0) if before.kind is TokenKind.MARK else 0
        if depth == 1 and token == (TokenKind.MARK, ")"):
            return before
    return None
