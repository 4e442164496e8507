"""The base class of variables: name, default, accepted values and parsed value."""

from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from django_runtimes.config.configuration_error import ConfigurationError

T_co = TypeVar("T_co", covariant=True)

_MASK = "********"


class RuleError(ValueError):
    """A value breaks a rule of its parser; the error carries the rule and the remedy."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}; {remedy}")
        self.rule = rule
        self.remedy = remedy


class Variable(Generic[T_co]):
    """One variable, whose parsed value is a T.

    If `default` is None, `profile_field` names the field of the runtime's profile that holds the default, and
    `default_note` describes any other source of it. The value of a secret is never shown.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        name: str,
        meaning: str,
        *,
        default: T_co,
        default_note: str = "",
        profile_field: str = "",
        is_secret: bool = False,
    ) -> None:
        self.name = name
        self.meaning = meaning
        self.default = default
        self.default_note = default_note
        self.profile_field = profile_field
        self.is_secret = is_secret

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def unset(self) -> T_co:
        """Return the value of the variable when it is not set."""
        return self.default

    def parse(self, text: str) -> T_co:
        """Parse a text that is not empty; raise ConfigurationError if the variable does not accept it."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """Return a value as text, masked when it is secret."""
        return _MASK if self.is_secret else self.format(value)

    def format(self, value: Any) -> str:
        """Return a value as it is written in the environment."""
        return str(value)

    @property
    def accepts(self) -> str:
        """The type and the accepted values, as documentation shows them."""
        return self.kind

    @property
    def default_text(self) -> str:
        """The default as documentation shows it."""
        if self.default is not None:
            return self.format(self.default)
        return ", ".join(filter(None, (self._profile_text(), self.default_note))) or "none"

    def refuse(self, text: str, rule: str, remedy: str) -> NoReturn:
        """Raise ConfigurationError with the rule, the remedy and, unless it is secret, the value."""
        value = "" if self.is_secret else f"={text!r}"
        raise ConfigurationError(f"{self.name}{value} {rule}; {remedy}")

    def _profile_text(self) -> str:
        """Return the value that most profiles have, and each other value with its runtime."""
        if not self.profile_field:
            return ""
        # Imported here, since only documentation and errors need it.
        from django_runtimes.config.values.profile import PROFILES

        texts = {runtime: self.format(getattr(profile, self.profile_field)) for runtime, profile in PROFILES.items()}
        usual = max(texts.values(), key=list(texts.values()).count)
        others = (f"{text} under {runtime}" for runtime, text in texts.items() if text != usual)
        return "; ".join((usual, *others))
