"""Finds statements that would pin a proxy's session, in the log of a server with log_statement = all."""

import re

# In the server's log, the time, the process in brackets and LOG precede a statement of the simple or extended protocol.
_STATEMENT = re.compile(r"\[(?P<process>\d+)\] LOG:  (?:statement|execute (?P<name>[^:]+)): (?P<sql>.*)", re.DOTALL)
_PINNING = re.compile(r"\s*(SET|RESET|LISTEN|PREPARE|DECLARE|DISCARD)\b|.*\bset_config\s*\(", re.IGNORECASE | re.DOTALL)
# Inside a transaction these are fine, because their effect ends with it.
_BEGINNING, _ENDING = ("BEGIN", "START"), ("COMMIT", "ROLLBACK", "END", "ABORT")


def read_statements(log: str) -> tuple[int, int]:
    """Return the number of statements in a log, and the number that leave state outside a transaction."""
    count = with_state = 0
    in_transaction: set[str] = set()
    for entry in re.split(r"\n(?=\d{4}-\d\d-\d\d )", log):
        found = _STATEMENT.search(entry)
        if found is None:
            continue
        count += 1
        process, statement = found["process"], found["sql"]
        word = statement.split(maxsplit=1)[0].upper().rstrip(";") if statement.strip() else ""
        if word in _BEGINNING:
            in_transaction.add(process)
        elif word in _ENDING:
            in_transaction.discard(process)
        named = found["name"] not in (None, "<unnamed>")
        if named or (process not in in_transaction and _PINNING.match(statement)):
            with_state += 1
    return count, with_state
