"""Splits SQL into statements and tokens, without comments and white space."""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from django_runtimes.databases.postgresql.session.lexemes import Lexeme, StatementReader, lexemes


class TokenKind(Enum):
    """The kinds of tokens; comments and white space produce none."""

    WORD = "a keyword or an unquoted identifier, in lower case"
    QUOTED = "the text of an identifier in double quotes"
    VALUE = "a string or a number; its text is left out"
    MARK = "one character of punctuation or of an operator"


class Token(NamedTuple):
    """One token of a statement."""

    kind: TokenKind
    text: str


def split_statements(sql: str) -> list[list[Token]]:
    """Return the tokens of each non-empty statement.

    The body of a function is one value, in quotes as well as in BEGIN ATOMIC … END or after RETURN.
    """
    statements: list[list[Token]] = [[]]
    reader = StatementReader()
    was_in_body = False
    for lexeme in lexemes(sql):
        if reader.ends_after(lexeme):
            statements.append([])
        elif not was_in_body:
            statements[-1] += _tokens(lexeme)
            if reader.is_in_body:
                statements[-1].append(Token(TokenKind.VALUE, ""))
        was_in_body = reader.is_in_body
    return [statement for statement in statements if statement]


def _tokens(lexeme: Lexeme) -> Iterator[Token]:
    match lexeme.kind:
        case "word":
            yield Token(TokenKind.WORD, lexeme.text.lower())
        case "name":
            yield Token(TokenKind.QUOTED, lexeme.match["quoted"].replace('""', '"'))
        case "mark":
            yield from (Token(TokenKind.MARK, mark) for mark in lexeme.text)
        case "escaped" | "string" | "dollar" | "number":
            yield Token(TokenKind.VALUE, "")
