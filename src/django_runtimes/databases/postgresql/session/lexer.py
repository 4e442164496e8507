"""Splits SQL into statements and tokens, without comments and white space."""

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import NamedTuple


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


# An unterminated string or comment extends to the end; the server rejects such a statement.
_GRAMMAR = r"""
      (?P<space> \s+ | --[^\r\n]* )
    | (?P<comment> /\* )
    | (?P<string>
          [eE]' (?: [^'\\] | \\. | '' )*+ (?: ' | \\?\Z )
        | (?: [bBxXnN] | [uU]& )? ' (?: [^'] | '' )*+ (?: ' | \Z )
        | \$ (?P<tag> (?: [^\W\d]\w* )? ) \$ .*? (?: \$ (?P=tag) \$ | \Z )
      )
    | (?: [uU]& )? " (?P<quoted> (?: [^"] | "" )*+ ) (?: " | \Z )
    | (?P<word> [^\W\d] [\w$]* )
    | (?P<number> \d [\w.]* )
    | (?P<mark> . )
    """
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@cache
def _token() -> re.Pattern[str]:
    # The pattern is compiled on first use, since Lambda keeps no sessions and its cold starts should not take longer.
    return re.compile(_GRAMMAR, re.VERBOSE | re.DOTALL)


def split_statements(sql: str) -> list[list[Token]]:
    """Return the tokens of each non-empty statement; semicolons end statements."""
    statements: list[list[Token]] = [[]]
    for token in _tokens(sql):
        if token == (TokenKind.MARK, ";"):
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def _tokens(sql: str) -> Iterator[Token]:
    position = 0
    token = _token()
    while match := token.match(sql, position):
        position = match.end()
        if match["comment"]:
            position = _end_of_comment(sql, position)
        elif match["word"]:
            yield Token(TokenKind.WORD, match["word"].lower())
        elif match["quoted"] is not None:
            yield Token(TokenKind.QUOTED, match["quoted"].replace('""', '"'))
        elif match["mark"]:
            yield Token(TokenKind.MARK, match["mark"])
        elif not match["space"]:
            yield Token(TokenKind.VALUE, "")


def _end_of_comment(sql: str, position: int) -> int:
    # PostgreSQL's comments nest, which a regular expression cannot match.
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, position):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
