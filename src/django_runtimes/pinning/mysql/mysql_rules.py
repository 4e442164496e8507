"""Rules for the statements of MySQL and MariaDB that pin a client of RDS Proxy to one server connection.

Source: the RDS user guide, "Avoiding pinning an RDS Proxy", for all engines and for MySQL. Like the proxy, the rules
read a statement's text and not the bodies of stored routines.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from django_runtimes.pinning.rules import PREPARED, SIZE, STATEMENT_MAX_BYTES, Rule, Statement

VARIABLE = Rule(
    "variable",
    "SET of a user variable, or of a system variable that the proxy does not track, changes the session",
    "set the value in the server's parameter group or in the proxy's initialization query",
)
TABLE_LOCK = Rule(
    "table lock",
    "LOCK TABLES and FLUSH TABLES WITH READ LOCK belong to one session",
    "lock rows with select_for_update() in a transaction",
)
NAMED_LOCK = Rule(
    "named lock",
    "GET_LOCK and RELEASE_LOCK belong to one session",
    "lock a row with select_for_update(), or use a lock in the store",
)
TEMPORARY_TABLE = Rule(
    "temporary table",
    "a temporary table lives in one session",
    "use a common table expression (WITH ... AS) or a real table with a key for the request",
)
LAST_RESULT = Rule(
    "function of the last statement",
    "ROW_COUNT, FOUND_ROWS and LAST_INSERT_ID read what the session's last statement left",
    "read the cursor's rowcount and lastrowid, which the driver has from the server's answer",
)
HANDLER = Rule("cursor", "HANDLER and DECLARE CURSOR open a cursor in one session", "read page by page")

# The proxy tracks these, and lends a connection only to sessions with the same values.
_TRACKED = frozenset(
    {
        "auto_increment_increment",
        "autocommit",
        "char",
        "character",
        "character_set_client",
        "character_set_connection",
        "character_set_database",
        "character_set_filesystem",
        "character_set_results",
        "character_set_server",
        "charset",
        "collation_connection",
        "collation_database",
        "collation_server",
        "interactive_timeout",
        "names",
        "net_write_timeout",
        "query_cache_type",
        "session_track_schema",
        "sql_mode",
        "time_zone",
        "transaction",
        "transaction_isolation",
        "transaction_read_only",
        "tx_isolation",
        "tx_read_only",
        "wait_timeout",
    }
)
_FIRST_WORDS = {
    "handler": HANDLER,
    "declare": HANDLER,
    "prepare": PREPARED,
    "execute": PREPARED,
    "deallocate": PREPARED,
}
_FUNCTIONS = {
    "get_lock": NAMED_LOCK,
    "release_lock": NAMED_LOCK,
    "release_all_locks": NAMED_LOCK,
    "row_count": LAST_RESULT,
    "found_rows": LAST_RESULT,
    "last_insert_id": LAST_RESULT,
}
# Strings, quoted names and comments, which may contain anything. MariaDB and MySQL run what is in `/*!`.
_OPAQUE = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|\#[^\n]*|--(?=\s)[^\n]*|/\*(?![!M]).*?\*/""", re.DOTALL
)
_LOCKS_TABLES = re.compile(
    r"lock\s+tables?\b|flush\s+(?:local\s+|no_write_to_binlog\s+)?tables?\b.*\bwith\s+read\s+lock\b"
)
_TEMPORARY = re.compile(r"create\s+(?:or\s+replace\s+)?temporary\b")
_CALL = re.compile(rf"\b({'|'.join(_FUNCTIONS)})\s*\(")
_ASSIGNS = re.compile(r"@\w+\s*:=|\binto\s+@\w+")
_SET = re.compile(r"set\b(?!\s+(?:password|role|default\s+role)\b)\s*(.*)", re.DOTALL)
# The scope before a variable's name: SET SESSION x, SET @@session.x.
_SCOPE = re.compile(r"(?:@@)?(?:(?:session|local)(?:\s+|\.))?")
_REMEMBERED_STATEMENTS = 512


def mysql_pinning_rules(statement: Statement) -> tuple[Rule, ...]:
    """Return the rules that the statement breaks; its text may consist of several statements."""
    rules = list(_rules_of_text(statement.text))
    if statement.size_bytes > STATEMENT_MAX_BYTES:
        rules.append(SIZE)
    return tuple(rules)


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def _rules_of_text(sql: str) -> tuple[Rule, ...]:
    plain = _OPAQUE.sub(lambda match: " x " if match[0][0] in "'\"`" else " ", sql).lower()
    return tuple(dict.fromkeys(rule for statement in plain.split(";") for rule in _broken(statement.strip())))


def _broken(statement: str) -> Iterator[Rule]:
    first = statement.split(maxsplit=1)[0] if statement else ""
    if first in _FIRST_WORDS:
        yield _FIRST_WORDS[first]
    if _LOCKS_TABLES.match(statement):
        yield TABLE_LOCK
    if _TEMPORARY.match(statement):
        yield TEMPORARY_TABLE
    if _ASSIGNS.search(statement) or ((assigned := _SET.match(statement)) and _sets_untracked(assigned[1])):
        yield VARIABLE
    for function in _CALL.findall(statement):
        yield _FUNCTIONS[function]


def _sets_untracked(assignments: str) -> bool:
    return any(not _is_tracked(each.strip()) for each in _divided(assignments))


def _is_tracked(assignment: str) -> bool:
    # SET GLOBAL changes no session.
    if re.match(r"(?:@@)?(?:global|persist|persist_only)(?:\s|\.)", assignment):
        return True
    name = re.match(r"[\w$]+", _SCOPE.sub("", assignment, count=1))
    return name is not None and name[0] in _TRACKED


def _divided(assignments: str) -> list[str]:
    """Return the assignments of one SET, which commas outside of parentheses divide."""
    parts, depth = [""], 0
    for character in assignments:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
