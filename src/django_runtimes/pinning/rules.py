"""Rules for the statements that pin a client of RDS Proxy to one server connection.

Source: the RDS and Aurora user guides, "Avoiding pinning an RDS Proxy", for all engines and for PostgreSQL. Like the
proxy, the rules read a statement's text and not the bodies of functions.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.postgresql.session.lexer import split_statements
from django_runtimes.databases.postgresql.session.statement_parts import (
    PREPARED_WORDS,
    SESSION_LOCKS,
    TEMPORARY_SCHEMA,
    TEMPORARY_WORDS,
    called_functions,
    makes_temporary,
    uses_prepared,
    without_explain,
    words_of,
)

STATEMENT_MAX_BYTES = 16 * 1024
# Tests repeat the same few statements.
_REMEMBERED_STATEMENTS = 512


@dataclass(frozen=True)
class Statement:
    """One statement as it is sent to the server.

    `named` is true for a statement that is prepared under a name. `size_bytes` counts the text, which may contain
    parameters, and the values bound outside the text; `value_sizes_bytes` has the size of each value.
    `longest_value_bytes` is the size in a result of the longest, if it is sent as more than 64 KB. `of_driver` is true
    for a statement that psycopg made, such as BEGIN and FETCH. `in_transaction` says whether it belongs to a
    transaction of the application, as opposed to one around a test. `has_untyped_json` is true if one of its long
    values is JSON as text, whose type PostgreSQL takes from its place.
    """

    text: str
    size_bytes: int
    named: bool = False
    value_sizes_bytes: tuple[int, ...] = ()
    of_driver: bool = False
    in_transaction: bool = False
    has_untyped_json: bool = False
    longest_value_bytes: int = 0
    engine: Engine = Engine.POSTGRESQL


@dataclass(frozen=True)
class Rule:
    """One way to pin, or one limit of a route: its name in reports, the reason, and the remedy."""

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
    **dict.fromkeys(SESSION_LOCKS, ADVISORY_LOCK),
}
# Tokenizing is slow, and most statements have none of these words.
_SUSPECT = re.compile(
    rf"\b(?:{'|'.join((*_FIRST_WORDS, *_FUNCTIONS, *PREPARED_WORDS, *TEMPORARY_WORDS, TEMPORARY_SCHEMA))})\b",
    re.IGNORECASE,
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
        executed = without_explain(tokens)
        words = words_of(executed)
        if words and words[0] in _FIRST_WORDS:
            rules[_FIRST_WORDS[words[0]]] = None
        if uses_prepared(words):
            rules[PREPARED] = None
        if makes_temporary(executed):
            rules[TEMPORARY] = None
        for name in called_functions(executed):
            if name in _FUNCTIONS:
                rules[_FUNCTIONS[name]] = None
    return tuple(rules)
