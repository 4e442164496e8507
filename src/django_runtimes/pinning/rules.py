"""Rules for the statements that pin a client of RDS Proxy to one server connection.

Source: the RDS and Aurora user guides, "Avoiding pinning an RDS Proxy", for all engines and for PostgreSQL. Like the
proxy, the rules read a statement's text and not the bodies of functions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django_runtimes.databases.postgresql.session.lexer import Token, TokenKind, split_statements

STATEMENT_MAX_BYTES = 16 * 1024
# Tests repeat the same few statements.
_REMEMBERED_STATEMENTS = 512


@dataclass(frozen=True)
class Statement:
    """One statement as it is sent to the server.

    `named` is true for a statement that is prepared under a name. `size_bytes` counts the text, which may contain
    parameters, and the values bound outside the text.
    """

    text: str
    size_bytes: int
    named: bool = False


@dataclass(frozen=True)
class Rule:
    """One way to pin: its name in reports, the reason, and the remedy."""

    name: str
    reason: str
    remedy: str


SETTING = Rule(
    "session setting",
    "SET, RESET and set_config change the session; for PostgreSQL the guide makes no exceptions, not even SET LOCAL",
    "set the value once on the role (ALTER ROLE ... SET) or in the proxy's initialization query",
)
PREPARED = Rule(
    "prepared statement",
    "PREPARE, EXECUTE, DEALLOCATE and statements prepared under a name belong to one session",
    "leave OPTIONS['prepare_threshold'] unset, and send plain statements",
)
DISCARD = Rule(
    "discard", "DISCARD resets the session", "remove the statement, since the proxy resets the sessions that it reuses"
)
TEMPORARY = Rule(
    "temporary object",
    "temporary tables, views and sequences live in one session",
    "use a common table expression (WITH ... AS) or a real table with a key for the request",
)
CURSOR = Rule(
    "cursor",
    "DECLARE opens a cursor in one session",
    "set DISABLE_SERVER_SIDE_CURSORS, which makes iterator() a plain query, or read page by page",
)
LISTEN = Rule("listen", "LISTEN registers one session", "listen on the direct route, or use a queue")
LIBRARY = Rule("library", "LOAD adds a library to one session", "name the library in shared_preload_libraries")
SEQUENCE = Rule(
    "sequence function",
    "nextval, setval, currval and lastval keep their value in the session",
    "let the column's default call nextval, and read the value with RETURNING",
)
ADVISORY_LOCK = Rule(
    "advisory lock",
    "a session-level advisory lock is held by one session",
    "use pg_advisory_xact_lock or pg_try_advisory_xact_lock, which do not pin",
)
SIZE = Rule(
    "statement size",
    f"a statement of more than {STATEMENT_MAX_BYTES // 1024} KB",
    "send smaller statements: batch_size for bulk_create, pages for long IN lists",
)

_FIRST_WORDS = {
    "set": SETTING,
    "reset": SETTING,
    "prepare": PREPARED,
    "execute": PREPARED,
    "deallocate": PREPARED,
    "discard": DISCARD,
    "declare": CURSOR,
    "listen": LISTEN,
    "load": LIBRARY,
}
_FUNCTIONS = {
    "set_config": SETTING,
    "nextval": SEQUENCE,
    "setval": SEQUENCE,
    "currval": SEQUENCE,
    "lastval": SEQUENCE,
    "pg_advisory_lock": ADVISORY_LOCK,
    "pg_advisory_lock_shared": ADVISORY_LOCK,
    "pg_try_advisory_lock": ADVISORY_LOCK,
    "pg_try_advisory_lock_shared": ADVISORY_LOCK,
    "pg_advisory_unlock": ADVISORY_LOCK,
    "pg_advisory_unlock_shared": ADVISORY_LOCK,
    "pg_advisory_unlock_all": ADVISORY_LOCK,
}
_TEMPORARY_WORDS = ("temp", "temporary")
# The alias of the session's own temporary schema, or the numbered name of any temporary schema.
_TEMPORARY_SCHEMA = r"pg_temp(?:_\d+)?"
_BEFORE_TEMPORARY = ("or", "replace", "local", "global")
# Tokenizing is slow, and most statements have none of these words.
_SUSPECT = re.compile(
    rf"\b(?:{'|'.join((*_FIRST_WORDS, *_FUNCTIONS, *_TEMPORARY_WORDS, _TEMPORARY_SCHEMA))})\b", re.IGNORECASE
)


def pinning_rules(statement: Statement) -> tuple[Rule, ...]:
    """Return the rules that the statement breaks; its text may consist of several statements."""
    rules = list(_rules_of_text(statement.text))
    if statement.named and PREPARED not in rules:
        rules.append(PREPARED)
    if statement.size_bytes > STATEMENT_MAX_BYTES:
        rules.append(SIZE)
    return tuple(rules)


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def _rules_of_text(sql: str) -> tuple[Rule, ...]:
    if not _SUSPECT.search(sql):
        return ()
    rules: dict[Rule, None] = {}
    for tokens in split_statements(sql):
        executed = _without_explain(tokens)
        words = [token.text if token.kind is TokenKind.WORD else None for token in executed]
        if (rule := _rule_of_first_words(words)) is not None:
            rules[rule] = None
        if _makes_temporary(executed, words):
            rules[TEMPORARY] = None
        for position in range(len(executed)):
            if (rule := _rule_of_call(executed, position)) is not None:
                rules[rule] = None
    return tuple(rules)


def _without_explain(tokens: list[Token]) -> list[Token]:
    if tokens[0] != (TokenKind.WORD, "explain"):
        return tokens
    rest = tokens[1:]
    if rest and rest[0] == (TokenKind.MARK, "("):
        closing = next((at for at, token in enumerate(rest) if token == (TokenKind.MARK, ")")), len(rest))
        return rest[closing + 1 :]
    while rest and rest[0] in ((TokenKind.WORD, "analyze"), (TokenKind.WORD, "analyse"), (TokenKind.WORD, "verbose")):
        rest = rest[1:]
    return rest


def _rule_of_first_words(words: Sequence[str | None]) -> Rule | None:
    # Any session may finish the two-phase commit that PREPARE TRANSACTION begins.
    if not words or words[0] is None or words[:2] == ["prepare", "transaction"]:
        return None
    # This is CREATE TABLE ... AS EXECUTE. After a later AS, `execute` may be the name of a column.
    if words[0] == "create" and "as" in words and words[words.index("as") + 1 :][:1] == ["execute"]:
        return PREPARED
    return _FIRST_WORDS.get(words[0])


def _makes_temporary(tokens: Sequence[Token], words: Sequence[str | None]) -> bool:
    if not words:
        return False
    if words[0] == "create":
        word = next((word for word in words[1:] if word not in _BEFORE_TEMPORARY), None)
        return word in _TEMPORARY_WORDS or any(_is_in_temporary_schema(tokens, at) for at in range(len(tokens)))
    # INSERT INTO temp writes to a table named temp; SELECT ... INTO TEMP creates one.
    return any(
        word == "into"
        and words[at - 1] not in ("insert", "merge")
        and (_next_but(words, at + 1, _BEFORE_TEMPORARY) in _TEMPORARY_WORDS or _is_in_temporary_schema(tokens, at + 1))
        for at, word in enumerate(words)
        if at > 0
    )


def _next_but(words: Sequence[str | None], start: int, skipped: Sequence[str]) -> str | None:
    return next((word for word in words[start:] if word not in skipped), None)


def _is_in_temporary_schema(tokens: Sequence[Token], position: int) -> bool:
    return (
        tokens[position + 1 : position + 2] == [(TokenKind.MARK, ".")]
        and tokens[position].kind in (TokenKind.WORD, TokenKind.QUOTED)
        and re.fullmatch(_TEMPORARY_SCHEMA, tokens[position].text) is not None
    )


def _rule_of_call(tokens: Sequence[Token], position: int) -> Rule | None:
    token = tokens[position]
    rule = _FUNCTIONS.get(token.text) if token.kind in (TokenKind.WORD, TokenKind.QUOTED) else None
    if rule is None or tokens[position + 1 : position + 2] != [(TokenKind.MARK, "(")]:
        return None
    is_qualified = position > 1 and tokens[position - 1] == (TokenKind.MARK, ".")
    # A function of that name in another schema is not PostgreSQL's.
    return None if is_qualified and tokens[position - 2].text != "pg_catalog" else rule
