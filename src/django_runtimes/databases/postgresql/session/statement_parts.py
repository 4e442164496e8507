"""Reads what a statement executes, creates and calls from its tokens."""

import re
from collections.abc import Iterator, Sequence

from django_runtimes.databases.postgresql.session.lexer import Token, TokenKind

TEMPORARY_WORDS = ("temp", "temporary")
# The alias of the session's own temporary schema, or the numbered name of any temporary schema.
TEMPORARY_SCHEMA = r"pg_temp(?:_\d+)?"
_BEFORE_TEMPORARY = ("or", "replace", "local", "global")
PREPARED_WORDS = ("prepare", "execute", "deallocate")
SESSION_LOCKS = (
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_shared",
    "pg_advisory_unlock_all",
)


def words_of(tokens: Sequence[Token]) -> list[str | None]:
    """Return the keywords and unquoted names in lower case, with None in the place of every other token."""
    return [token.text if token.kind is TokenKind.WORD else None for token in tokens]


def without_explain(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens of the statement that EXPLAIN explains, or all tokens of any other statement."""
    if tokens[0] != (TokenKind.WORD, "explain"):
        return tokens
    rest = tokens[1:]
    if rest and rest[0] == (TokenKind.MARK, "("):
        closing = next((at for at, token in enumerate(rest) if token == (TokenKind.MARK, ")")), len(rest))
        return rest[closing + 1 :]
    while rest and rest[0] in ((TokenKind.WORD, "analyze"), (TokenKind.WORD, "analyse"), (TokenKind.WORD, "verbose")):
        rest = rest[1:]
    return rest


def uses_prepared(words: Sequence[str | None]) -> bool:
    """Return whether the statement prepares, executes or removes a prepared statement."""
    # Any session may finish the two-phase commit that PREPARE TRANSACTION begins.
    if not words or words[0] is None or words[:2] == ["prepare", "transaction"]:
        return False
    # This is CREATE TABLE ... AS EXECUTE. After a later AS, `execute` may be the name of a column.
    if words[0] == "create" and "as" in words and words[words.index("as") + 1 :][:1] == ["execute"]:
        return True
    return words[0] in PREPARED_WORDS


def makes_temporary(tokens: Sequence[Token]) -> bool:
    """Return whether the statement creates a temporary table, view or sequence."""
    words = words_of(tokens)
    if not words:
        return False
    if words[0] == "create":
        word = next((word for word in words[1:] if word not in _BEFORE_TEMPORARY), None)
        return word in TEMPORARY_WORDS or any(_is_in_temporary_schema(tokens, at) for at in range(len(tokens)))
    # INSERT INTO temp writes to a table named temp; SELECT ... INTO TEMP creates one.
    return any(
        word == "into"
        and words[at - 1] not in ("insert", "merge")
        and (_next_but(words, at + 1, _BEFORE_TEMPORARY) in TEMPORARY_WORDS or _is_in_temporary_schema(tokens, at + 1))
        for at, word in enumerate(words)
        if at > 0
    )


def called_functions(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the name of each function that the statement calls, without those of other schemas than pg_catalog."""
    for at in range(len(tokens) - 1):
        if tokens[at].kind in (TokenKind.WORD, TokenKind.QUOTED) and tokens[at + 1] == (TokenKind.MARK, "("):
            is_qualified = at > 1 and tokens[at - 1] == (TokenKind.MARK, ".")
            # A function of that name in another schema is not PostgreSQL's.
            if not is_qualified or tokens[at - 2].text == "pg_catalog":
                yield tokens[at].text


def _next_but(words: Sequence[str | None], start: int, skipped: Sequence[str]) -> str | None:
    return next((word for word in words[start:] if word not in skipped), None)


def _is_in_temporary_schema(tokens: Sequence[Token], position: int) -> bool:
    return (
        tokens[position + 1 : position + 2] == [(TokenKind.MARK, ".")]
        and tokens[position].kind in (TokenKind.WORD, TokenKind.QUOTED)
        and re.fullmatch(TEMPORARY_SCHEMA, tokens[position].text) is not None
    )
