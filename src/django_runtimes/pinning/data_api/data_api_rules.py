"""Rules for the statements and results that the Data API of Aurora refuses."""

import re
from functools import cache

from django_runtimes.databases.data_api.statements.refusals import StatementRefusal, refusals_of
from django_runtimes.databases.data_api.statements.size_limits import (
    LONG_VALUE_BYTES,
    REQUEST_MAX_BYTES,
    RESULT_MAX_BYTES,
    ROW_MAX_BYTES,
    STATEMENT_MAX_BYTES,
)
from django_runtimes.databases.postgresql.session.lexer import Token, TokenKind, split_statements
from django_runtimes.pinning.data_api.returned_rows import ReturnedRows
from django_runtimes.pinning.origin import Origin, Sender
from django_runtimes.pinning.rules import Rule, Statement

SIZE = Rule(
    "statement size",
    f"a statement of more than {STATEMENT_MAX_BYTES // 1024} KB, without the values above {min(LONG_VALUE_BYTES)} "
    "bytes, which are sent beside it",
    "send smaller statements, such as fewer rows in an INSERT of your own",
)
LIST_SIZE = Rule(
    "statement size",
    f"a statement of more than {STATEMENT_MAX_BYTES // 1024} KB, because of a long list of values",
    "pass the list as one value: column = ANY(%s)",
)
OTHER_LIST_SIZE = Rule(
    "statement size",
    f"a statement of more than {STATEMENT_MAX_BYTES // 1024} KB, because of a long list of a type that the engine does "
    "not send as one array",
    "look up fewer values at once, or pass the list as one value: column = ANY(%s)",
)
VALUE_TYPE = Rule(
    "value type",
    f"JSON as text in a statement of more than {STATEMENT_MAX_BYTES // 1024} KB, which is sent beside it as text, and "
    "does not take the type of its place",
    "cast it in the statement (%s::jsonb), or pass Jsonb(value) of psycopg",
)
REQUEST_SIZE = Rule(
    "request size",
    f"a statement and its values of more than {REQUEST_MAX_BYTES // 1024**2} MiB",
    "store large values in S3, and write fewer rows at once",
)
ROW_SIZE = Rule(
    "row size",
    f"a returned row of more than {ROW_MAX_BYTES // 1024} KB",
    "leave long columns out with defer() or only(), read them in parts with Substr(), or store them in S3",
)
WRITTEN_ROW = Rule(
    "row size",
    f"a written value of more than {ROW_MAX_BYTES // 1024} KB, which no query could return, so that the ORM refuses it",
    "store long values in S3, or in several rows",
)
RESULT_SIZE = Rule(
    "result size",
    f"a result of more than {RESULT_MAX_BYTES // 1024**2} MiB from a statement that cannot be read in pages",
    "return fewer rows or columns at once",
)

INFINITY = Rule(
    "infinity",
    "a returned date or timestamp that is infinity, for which the service fails",
    "read the column as text (column::text), or leave such rows out with isfinite()",
)

_RESULT_TYPE = "result type"
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE)\b", re.IGNORECASE)
# The engine compiles a list of 500 values or more as one value, also in lookups of ArrayField.
_LONG_LIST = re.compile(r"\b(?:IN \(|ARRAY\[)(?:(?:'[^']*'|[^()\[\]',])*,){499,}(?:'[^']*'|[^()\[\]',])*[)\]]")
# Its values are of no other types with a cast.
_OTHER_VALUES = re.compile(r"'::(?!(?:date|float8|interval|jsonb|numeric|text|time|timestamp|timestamptz|uuid)\b)")
# The types that the service returns, as PostgreSQL names them, and one-dimensional arrays of them.
_RETURNED_TYPES = frozenset(
    {"bool", "bytea", "cidr", "inet", "json", "jsonb", "name", "numeric", "oid", "uuid", "void"}
    | {"int2", "int4", "int8", "float4", "float8", "text", "bpchar", "varchar"}
    | {"date", "time", "timestamp", "timestamptz"}
)
_WRITING = frozenset({"insert", "update", "delete", "merge"})


def data_api_rules(statement: Statement) -> tuple[Rule, ...]:
    """Return the rules that the statement breaks; its text may consist of several statements."""
    rules: list[Rule] = []
    # The engine has its own ways for a transaction and for iterator().
    if not statement.of_driver:
        rules += map(_rule_of, refusals_of(statement.text, is_in_transaction=statement.in_transaction))
    if (rule := _rule_of_size(statement)) is not None:
        rules.append(rule)
    if statement.longest_value_bytes > ROW_MAX_BYTES and _WRITES.match(statement.text):
        rules.append(WRITTEN_ROW)
    if statement.has_untyped_json and statement.size_bytes > STATEMENT_MAX_BYTES:
        rules.append(VALUE_TYPE)
    return tuple(rules)


def data_api_row_rules(rows: ReturnedRows) -> tuple[Rule, ...]:
    """Return the rules that the rows break."""
    rules: list[Rule] = []
    if rows.largest_row_bytes > ROW_MAX_BYTES:
        rules.append(ROW_SIZE)
    if rows.has_infinity:
        rules.append(INFINITY)
    unreturnable = {name for name in rows.types if name.removesuffix("[]") not in _RETURNED_TYPES}
    is_large = rows.size_bytes > RESULT_MAX_BYTES
    # The engine reads the rows of a query in pages, and other types by a cast.
    if (unreturnable or is_large) and not _is_query(rows.statement):
        rules += [_type_rule(name) for name in sorted(unreturnable)]
        if is_large:
            rules.append(RESULT_SIZE)
    return tuple(rules)


def spares_data_api(rule: Rule, sent_from: Origin) -> bool:
    """Return whether the engine avoids what this origin does on the direct route."""
    # Django sets up a connection with statements that this route's engine does not send.
    if sent_from.sender is Sender.CONNECTING and sent_from.of_engine:
        return True
    if sent_from.in_batches and rule in (SIZE, REQUEST_SIZE, LIST_SIZE, OTHER_LIST_SIZE, RESULT_SIZE):
        return True
    # The engine compiles long lists as one value, and casts what RETURNING cannot return. Django gives JSON its type.
    return sent_from.is_compiled and (rule in (LIST_SIZE, VALUE_TYPE) or rule.name == _RESULT_TYPE)


@cache
def _rule_of(refusal: StatementRefusal) -> Rule:
    return Rule(refusal.name, refusal.reason, refusal.remedy)


def _rule_of_size(statement: Statement) -> Rule | None:
    if statement.size_bytes > REQUEST_MAX_BYTES:
        return REQUEST_SIZE
    beside = sum(size for size in statement.value_sizes_bytes if size > min(LONG_VALUE_BYTES))
    size = statement.size_bytes - beside
    if size <= STATEMENT_MAX_BYTES:
        return None
    lists = [found[0] for found in _LONG_LIST.finditer(statement.text)]
    if size - sum(len(text.encode()) for text in lists) > STATEMENT_MAX_BYTES:
        return SIZE
    return OTHER_LIST_SIZE if any(map(_OTHER_VALUES.search, lists)) else LIST_SIZE


@cache
def _type_rule(name: str) -> Rule:
    return Rule(
        _RESULT_TYPE,
        f"the Data API cannot return the type {name}, which only a query can cast",
        "read the column with a query of its own, or return it as text (column::text)",
    )


def _is_query(statement: Statement) -> bool:
    """Return whether the engine can use the statement as a subquery; the engine also reads iterator() by itself."""
    if statement.of_driver:
        return True
    statements = split_statements(statement.text)
    return len(statements) == 1 and _begins_query(statements[0])


def _begins_query(tokens: list[Token]) -> bool:
    first = next((token.text for token in tokens if token != (TokenKind.MARK, "(")), "")
    if first != "with":
        # A rule of its own is about EXPLAIN.
        return first in ("select", "values", "table", "explain")
    return not any(
        token.kind is TokenKind.WORD
        and token.text in _WRITING
        # FOR UPDATE and FOR NO KEY UPDATE lock rows.
        and tokens[at - 1].text not in ("for", "key")
        for at, token in enumerate(tokens)
    )
