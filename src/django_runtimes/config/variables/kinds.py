"""The types of variables: text, secret, integer, flag, choice and list."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, cast, overload

from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.variable import RuleError, T_co, Variable

Member = TypeVar("Member", bound=StrEnum)
Item = TypeVar("Item")

# The largest C int, the type that PostgreSQL and libpq use for integers.
LARGEST = 2**31 - 1
_MAX_DIGITS = 19

_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class Text(Variable[T_co]):
    """A text; `parser` raises RuleError if it breaks the variable's rule."""

    kind = "text"

    @overload
    def __init__(
        self: "Text[str]", name: str, meaning: str, *, default: str, parser: Callable[[str], str] | None = None
    ) -> None: ...

    @overload
    def __init__(
        self: "Text[str | None]",
        name: str,
        meaning: str,
        *,
        parser: Callable[[str], str] | None = None,
        default_note: str = "",
        profile_field: str = "",
    ) -> None: ...

    def __init__(
        self,
        name: str,
        meaning: str,
        *,
        default: Any = None,
        parser: Callable[[str], str] | None = None,
        default_note: str = "",
        profile_field: str = "",
    ) -> None:
        super().__init__(name, meaning, default=default, default_note=default_note, profile_field=profile_field)
        self._parser = parser

    def parse(self, text: str) -> T_co:
        """Return the parsed text; raise ConfigurationError when the parser refuses it."""
        try:
            return cast("T_co", self._parser(text) if self._parser is not None else text)
        except RuleError as error:
            self.refuse(text, error.rule, error.remedy)


class SecretText(Variable[Secret | None]):
    """A text that no error, log or traceback may show."""

    kind = "secret"

    def __init__(self, name: str, meaning: str, *, default_note: str = "", shortest: int = 1) -> None:
        super().__init__(name, meaning, default=None, default_note=default_note, is_secret=True)
        self._shortest = shortest

    def parse(self, text: str) -> Secret:
        """Return the text as a Secret; raise ConfigurationError when it is too short."""
        if len(text) < self._shortest:
            self.refuse(text, f"has {len(text)} characters", f"generate one of at least {self._shortest}")
        return Secret(text)


class Integer(Variable[T_co]):
    """A whole number from `minimum` to `maximum`."""

    kind = "integer"

    @overload
    def __init__(
        self: "Integer[int]", name: str, meaning: str, *, default: int, minimum: int = 0, maximum: int = LARGEST
    ) -> None: ...

    @overload
    def __init__(
        self: "Integer[int | None]",
        name: str,
        meaning: str,
        *,
        minimum: int = 0,
        maximum: int = LARGEST,
        default_note: str = "",
        profile_field: str = "",
    ) -> None: ...

    def __init__(
        self,
        name: str,
        meaning: str,
        *,
        default: Any = None,
        minimum: int = 0,
        maximum: int = LARGEST,
        default_note: str = "",
        profile_field: str = "",
    ) -> None:
        super().__init__(name, meaning, default=default, default_note=default_note, profile_field=profile_field)
        self.minimum = minimum
        self.maximum = maximum

    def parse(self, text: str) -> T_co:
        """Return the number; raise ConfigurationError when it is out of bounds."""
        digits = text.lstrip("0") or "0"
        # The length is checked first, since int() raises another error for thousands of digits.
        is_number = text.isascii() and text.isdigit() and len(digits) <= _MAX_DIGITS
        if not is_number or not self.minimum <= int(digits) <= self.maximum:
            self.refuse(
                text,
                f"is not a whole number from {self.minimum} to {self.maximum}",
                f"unset it for the default ({self.default_text})",
            )
        return cast("T_co", int(digits))

    @property
    def accepts(self) -> str:
        """The type with its bounds."""
        return f"{self.kind} from {self.minimum} to {self.maximum}"


class Flag(Variable[T_co]):
    """A boolean."""

    kind = "flag"

    @overload
    def __init__(self: "Flag[bool]", name: str, meaning: str, *, default: bool) -> None: ...

    @overload
    def __init__(
        self: "Flag[bool | None]", name: str, meaning: str, *, default_note: str = "", profile_field: str = ""
    ) -> None: ...

    def __init__(
        self, name: str, meaning: str, *, default: Any = None, default_note: str = "", profile_field: str = ""
    ) -> None:
        super().__init__(name, meaning, default=default, default_note=default_note, profile_field=profile_field)

    def parse(self, text: str) -> T_co:
        """Return True for 1, true, yes or on, False for 0, false, no or off; raise ConfigurationError otherwise."""
        value = _FLAGS.get(text.lower())
        if value is None:
            self.refuse(text, "is not a flag", "use 1 or 0")
        return cast("T_co", value)

    def format(self, value: Any) -> str:
        """Return 1 or 0."""
        return str(int(value))

    @property
    def accepts(self) -> str:
        """The type with its two values."""
        return f"{self.kind}: 1 or 0"


class Choice(Variable[T_co]):
    """A member of `choices`; errors call it `noun`."""

    kind = "choice"

    @overload
    def __init__(
        self: "Choice[Member]", name: str, meaning: str, choices: type[Member], *, noun: str, default: Member
    ) -> None: ...

    @overload
    def __init__(
        self: "Choice[Member | None]",
        name: str,
        meaning: str,
        choices: type[Member],
        *,
        noun: str,
        default_note: str = "",
        profile_field: str = "",
    ) -> None: ...

    def __init__(
        self,
        name: str,
        meaning: str,
        choices: type[StrEnum],
        *,
        noun: str,
        default: Any = None,
        default_note: str = "",
        profile_field: str = "",
    ) -> None:
        super().__init__(name, meaning, default=default, default_note=default_note, profile_field=profile_field)
        self.choices = choices
        self.noun = noun

    def parse(self, text: str) -> T_co:
        """Return the member with this value; raise ConfigurationError when there is none."""
        if text not in set(self.choices):
            self.refuse(text, f"is not a {self.noun}", f"choose one of: {', '.join(sorted(self.choices))}")
        return cast("T_co", self.choices(text))

    @property
    def accepts(self) -> str:
        """The type with its values."""
        return f"{self.kind}: {', '.join(self.choices)}"


class Items(Variable[list[Item]]):
    """A comma-separated list; `parser` converts each stripped part to an item, or raises RuleError."""

    kind = "list"

    def __init__(
        self,
        name: str,
        meaning: str,
        *,
        parser: Callable[[str], Item],
        default: str = "",
        default_note: str = "",
        is_secret: bool = False,
    ) -> None:
        super().__init__(name, meaning, default=[], default_note=default_note, is_secret=is_secret)
        self._parser = parser
        self._default = default

    def unset(self) -> list[Item]:
        """Return a new list each time, since a caller may change it."""
        return self.parse(self._default)

    def parse(self, text: str) -> list[Item]:
        """Return the items; raise ConfigurationError for the first part that the parser refuses."""
        return [self._item(part.strip()) for part in text.split(",") if part.strip()]

    def format(self, value: Any) -> str:
        """Return the items separated by commas."""
        return ", ".join(map(str, value))

    @property
    def default_text(self) -> str:
        """The default as documentation shows it."""
        return self._default or self.default_note or "none"

    def _item(self, part: str) -> Item:
        try:
            return self._parser(part)
        except RuleError as error:
            self.refuse(part, error.rule, error.remedy)
