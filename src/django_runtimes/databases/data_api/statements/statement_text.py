"""Rewrites statements before values are merged in, so that the service reads them as PostgreSQL does."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from django_runtimes.databases.data_api.statements.value_place import ValuePlace
from django_runtimes.databases.postgresql.session.lexemes import Lexeme, StatementReader, lexemes

# Such a text is one statement, and has nothing to rewrite.
_NAME = r'"[A-Za-z0-9_$]*"'
_PLAIN = r"""[^"'$;:\\/%-]*"""
_SIMPLE_PARTS = rf"""{_NAME} | ::(?!:) | := | -(?!-) | /(?!\*)"""
_SIMPLE = re.compile(rf"{_PLAIN} (?: (?: {_SIMPLE_PARTS} | % ) {_PLAIN} )*", re.VERBOSE)
_SIMPLE_WITH_VALUES = re.compile(rf"{_PLAIN} (?: (?: {_SIMPLE_PARTS} | %s ) {_PLAIN} )*", re.VERBOSE)
_VALUE_MARK = re.compile(r"%([s%])")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KEPT = frozenset({"space", "word", "number", "value"})
_BARE_WORD = re.compile(rb"[A-Za-z]+")
_SPACE = re.compile(r"(?:\s+|--[^\r\n]*|/\*.*?\*/|\()*", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
# The same limits as those of psycopg's cache.
_REMEMBERED_CHARACTERS = 4096
_REMEMBERED_TEXTS = 256


class StatementText(NamedTuple):
    """One statement before values are merged in.

    `template` has `%s` for each value and `%%` for a percent sign, if there are values. `outline` is what decides how
    the statement runs: without comments, and with `''` for each string. `first_value` is the index of the first value.
    """

    template: bytes
    outline: str
    places: tuple[ValuePlace, ...] = ()
    first_value: int = 0
    has_values: bool = False

    def merged(self, literals: Sequence[bytes]) -> str:
        """Return the statement with its values, of which `literals` has those of the whole text."""
        if not self.has_values:
            return self.template.decode()
        return (self.template % self._placed(literals)).decode()

    def examined(self, literals: Sequence[bytes]) -> str:
        """Return the outline with the words among its values, such as true and NULL, and `''` for the others."""
        if not self.has_values:
            return self.outline
        return self.outline % tuple(
            literal.decode() if _BARE_WORD.fullmatch(literal) else "''"
            for place, literal in zip(self.places, self._own(literals), strict=True)
            if place is ValuePlace.BARE
        )

    def bare_values(self) -> Iterator[int]:
        """Yield the indexes of the values that stand on their own."""
        for index, place in enumerate(self.places, self.first_value):
            if place is ValuePlace.BARE:
                yield index

    def _own(self, literals: Sequence[bytes]) -> Sequence[bytes]:
        return literals[self.first_value : self.first_value + len(self.places)]

    def _placed(self, literals: Sequence[bytes]) -> tuple[bytes, ...]:
        return tuple(place.adapted(literal) for place, literal in zip(self.places, self._own(literals), strict=True))


def statements_of(sql: str, *, has_values: bool) -> tuple[StatementText, ...]:
    """Return the statements of a text, which PostgreSQL reads as before, in a form that is read in one way only.

    No colon looks like a parameter, and no quote follows a backslash, whatever standard_conforming_strings is.
    Semicolons in strings, comments, brackets and the bodies of functions split nothing. Text without a statement has
    none.
    """
    return (_remembered if len(sql) <= _REMEMBERED_CHARACTERS else _statements_of)(sql, has_values)


def first_words(statement: str, count: int) -> tuple[str, ...]:
    """Return the first words in upper case, after white space, comments and opening brackets."""
    words = []
    position = 0
    for _ in range(count):
        start = _SPACE.match(statement, position)
        word = _WORD.match(statement, start.end() if start else position)
        if word is None:
            break
        words.append(word[0].upper())
        position = word.end()
    return tuple(words)


def _statements_of(sql: str, has_values: bool) -> tuple[StatementText, ...]:  # noqa: FBT001  (the cache's key)
    if (_SIMPLE_WITH_VALUES if has_values else _SIMPLE).fullmatch(sql):
        places = (ValuePlace.BARE,) * (sql.count("%s") if has_values else 0)
        return (StatementText(sql.encode(), sql, places, 0, has_values),) if sql.strip() else ()
    return tuple(_scanned(sql, has_values=has_values))


_remembered = lru_cache(maxsize=_REMEMBERED_TEXTS)(_statements_of)


def _scanned(sql: str, *, has_values: bool) -> Iterator[StatementText]:
    reader = StatementReader()
    statement = _Statement(0)
    for lexeme in lexemes(sql, has_values=has_values):
        if reader.ends_after(lexeme):
            yield from statement.built(has_values=has_values)
            statement = _Statement(statement.first_value + len(statement.places))
        else:
            statement.add(lexeme, has_values=has_values)
    yield from statement.built(has_values=has_values)


class _Statement:
    """One statement while it is read."""

    def __init__(self, first_value: int) -> None:
        self.first_value = first_value
        self.places: list[ValuePlace] = []
        self._pieces: list[str] = []
        self._outline: list[str] = []
        self._is_empty = True

    def add(self, lexeme: Lexeme, *, has_values: bool) -> None:
        if lexeme.kind in _KEPT or (lexeme.kind == "mark" and lexeme.text != ":"):
            # Most lexemes of a long text are such.
            self._pieces.append(lexeme.text)
            self._outline.append(lexeme.text)
            self._is_empty = self._is_empty and lexeme.kind == "space"
            if lexeme.kind == "value":
                self.places.append(ValuePlace.BARE)
            return
        place = _place(lexeme)
        values = sum(mark[1] == "s" for mark in _VALUE_MARK.finditer(lexeme.text)) if has_values else 0
        piece = _rewritten(lexeme, has_values=values > 0)
        self._pieces.append(piece)
        self._outline.append(_outlined(lexeme, piece))
        self.places += [place] * values
        self._is_empty = self._is_empty and lexeme.kind == "comment"

    def built(self, *, has_values: bool) -> Iterator[StatementText]:
        """Yield the statement, unless it consists of white space and comments."""
        if not self._is_empty:
            template = "".join(self._pieces).encode()
            outline = "".join(self._outline)
            yield StatementText(template, outline, tuple(self.places), self.first_value, has_values)


def _place(lexeme: Lexeme) -> ValuePlace:
    if lexeme.kind == "comment":
        return ValuePlace.COMMENT
    if lexeme.kind == "name":
        return ValuePlace.NAME
    if lexeme.kind == "dollar" and lexeme.is_closed:
        return ValuePlace.BODY
    return ValuePlace.STRING if lexeme.kind in ("escaped", "string", "dollar") else ValuePlace.BARE


def _rewritten(lexeme: Lexeme, *, has_values: bool) -> str:
    text = lexeme.text
    match lexeme.kind:
        case "comment" if text.startswith("/*") and lexeme.is_closed:
            # The service may not know that comments nest.
            return f"/*{text[2:-2].replace('/*', '  ').replace('*/', '  ')}*/"
        case "escaped" if lexeme.is_closed:
            return _ESCAPE.sub(lambda escape: "''" if escape[1] == "'" else escape[0], text)
        case "string" if "\\" in text and lexeme.is_closed and lexeme.match["kind"] in (None, "n", "N"):
            # N'…' is the type nchar and a string.
            prefix = " nchar" if lexeme.match["kind"] else ""
            return f"{prefix} E{text[text.index(chr(39)) :]}".replace("\\", "\\\\")
        case "dollar" if lexeme.is_closed:
            body = lexeme.match["body"].replace("'", "''")
            escapes = has_values or "\\" in body
            return f" E'{body}'".replace("\\", "\\\\") if escapes else f" '{body}'"
        case "mark" if text == ":":
            # A space in a slice changes nothing for PostgreSQL.
            return ": "
    return text


def _outlined(lexeme: Lexeme, piece: str) -> str:
    match lexeme.kind:
        case "comment":
            return " "
        case "escaped" | "string" | "dollar":
            return "''"
        case "name" if re.fullmatch(_NAME, lexeme.text) is None:
            return '""'
    return piece
