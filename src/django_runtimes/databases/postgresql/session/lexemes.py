"""Cuts SQL into lexemes as PostgreSQL does, with standard_conforming_strings on, and finds the ends of statements."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

# PostgreSQL reads every character above ASCII as a letter, and no other white space than this.
_SPACE = r"[\x20\t\n\r\f\v]"
_FIRST = r"[A-Za-z_\x80-\U0010ffff]"
_LETTER = r"[A-Za-z0-9_\x80-\U0010ffff]"
# A string goes on after a line break: 'a' <line break> 'b' is 'ab', and E'…' remains a string with escapes.
_CONTINUED = rf"' [\x20\t\f\v]* (?: --[^\n\r]* )? [\n\r] (?: {_SPACE} | --[^\n\r]*[\n\r] )* '"
# No part can match in two ways, so none is possessive: Python 3.11 before 3.11.5 matches possessive groups wrongly.
_ESCAPED_BODY = r"[^'\\]* (?: (?: \\. | '' ) [^'\\]* )*"
_BODY = r"[^']* (?: '' [^']* )*"
# Without an end a lexeme extends to the end of the text; the server rejects such a statement.
_GRAMMAR = rf"""
      (?P<space> {_SPACE}+ )
    | (?P<comment> --[^\n\r]* | /\* )
    | (?P<escaped> [eE]' {_ESCAPED_BODY} (?: {_CONTINUED} {_ESCAPED_BODY} )* (?: ' | (?P<open> \\?\Z ) ) )
    | (?P<string> (?P<kind> [bBxXnN] | [uU]& )?
        ' {_BODY} (?: {_CONTINUED} {_BODY} )* (?: ' | (?P<open_string> \Z ) ) )
    | (?P<dollar> \$ (?P<tag> (?: {_FIRST} {_LETTER}* )? ) \$ (?P<body> .*? )
        (?: \$ (?P=tag) \$ | (?P<open_dollar> \Z ) ) )
    | (?P<name> (?: [uU]& )? " (?P<quoted> [^"]* (?: "" [^"]* )* ) (?: " | (?P<open_name> \Z ) ) )
    | (?P<word> {_FIRST} (?: {_LETTER} | \$ )* )
    | (?P<number> 0[xX](?:_?[0-9a-fA-F])+ | 0[oO](?:_?[0-7])+ | 0[bB](?:_?[01])+
        | [0-9](?:_?[0-9])* (?: \.(?!\.) (?:_?[0-9])* )? (?: [eE][+-]?[0-9]+ )? )
"""
_MARKS = r"| (?P<mark> :: | := | . )"
# Where values are merged into a text, psycopg reads %s and %%, whatever surrounds them.
_MARKS_WITH_VALUES = r"| (?P<value> %s ) | (?P<mark> :: | := | %% | . )"
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ROUTINES = ("function", "procedure")
_CREATED_ROUTINES = (["function"], ["procedure"])


class Lexeme(NamedTuple):
    """One piece of a text: the name of its part of the grammar, its match, and its whole text."""

    kind: str
    match: re.Match[str]
    text: str

    @property
    def is_closed(self) -> bool:
        """Whether the lexeme has its end."""
        if self.text.startswith("/*"):
            return sum(1 if edge[0] == "/*" else -1 for edge in _COMMENT_EDGE.finditer(self.text)) == 0
        groups = self.match.groupdict()
        return all(groups[name] is None for name in ("open", "open_string", "open_dollar", "open_name"))


@cache
def _pattern(*, has_values: bool) -> re.Pattern[str]:
    # The patterns are compiled on first use, since Lambda keeps no sessions and its cold starts should not take longer.
    return re.compile(_GRAMMAR + (_MARKS_WITH_VALUES if has_values else _MARKS), re.VERBOSE | re.DOTALL)


def lexemes(sql: str, *, has_values: bool = False) -> Iterator[Lexeme]:
    """Yield the lexemes, which together are the text; with `has_values` `%s` outside the others is one."""
    position = 0
    pattern = _pattern(has_values=has_values)
    while match := pattern.match(sql, position):
        position = match.end()
        kind = str(match.lastgroup)
        text = match[0]
        if text == "/*":
            position = _end_of_comment(sql, position)
            text = sql[match.start() : position]
        yield Lexeme(kind, match, text)


class StatementReader:
    """Follows the words and marks of a text, and tells which semicolons end a statement.

    Those in brackets do not, as in CREATE RULE, nor do those in the body of a function: BEGIN ATOMIC … END.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._beginning: list[str] = []
        self._previous = ""
        self._brackets = 0
        self._depth = 0
        self._is_returned = False

    @property
    def is_in_body(self) -> bool:
        """Whether the last lexeme belongs to the body of a function or procedure, which only its calls run."""
        return self._depth > 0 or self._is_returned

    def ends_after(self, lexeme: Lexeme) -> bool:
        """Return whether this is a semicolon that ends the statement; call it for all lexemes in their order."""
        if lexeme.kind in ("space", "comment"):
            return False
        text = lexeme.text.lower() if lexeme.kind == "word" else lexeme.text if lexeme.kind == "mark" else ""
        if text == ";" and self._brackets == 0 and self._depth == 0:
            self._begin()
            return True
        if len(self._beginning) < len(("create", "or", "replace", "function")):
            self._beginning.append(text)
        if text in ("(", ")"):
            self._brackets = max(0, self._brackets + (1 if text == "(" else -1))
        # A column may be named `end` after a dot or AS.
        elif lexeme.kind == "word" and self._previous not in (".", "as") and self._creates_routine:
            self._read_word(text)
        self._previous = text
        return False

    @property
    def _creates_routine(self) -> bool:
        beginning = [word for word in self._beginning if word not in ("or", "replace")]
        return beginning[:1] == ["create"] and beginning[1:2] in _CREATED_ROUTINES

    def _read_word(self, word: str) -> None:
        if self._depth:
            self._depth += (word == "case") - (word == "end")
        elif word == "atomic" and self._previous == "begin":
            self._depth = 1
        elif word == "return" and self._brackets == 0 and self._previous not in _ROUTINES:
            self._is_returned = True


def _end_of_comment(sql: str, position: int) -> int:
    # PostgreSQL's comments nest, which a regular expression cannot match.
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, position):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
