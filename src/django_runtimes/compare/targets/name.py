"""Parses the names of targets: `runtime/strategy/route`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.databases.connection_strategy import Route, Strategy
from django_runtimes.config.runtimes.runtime import Runtime

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class TargetName:
    """One alternative under comparison."""

    runtime: Runtime
    strategy: Strategy
    route: Route

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the three parts of a name; raise UsageError for another form or an unknown part."""
        match text.split("/"):
            case [runtime, strategy, route]:
                return cls(
                    runtime=_part(text, runtime, Runtime, "runtime"),
                    strategy=_part(text, strategy, Strategy, "strategy"),
                    route=_part(text, route, Route, "route"),
                )
            case _:
                raise UsageError(f"--target {text!r} is not runtime/strategy/route; use the form {DEFAULT_TARGETS[0]}")

    @property
    def label(self) -> str:
        """The name in a form for file names."""
        return str(self).replace("/", "-")

    def __str__(self) -> str:
        return f"{self.runtime}/{self.strategy}/{self.route}"


def _part(text: str, value: str, choices: type[_Choice], noun: str) -> _Choice:
    if value not in set(choices):
        allowed = ", ".join(sorted(choices))
        raise UsageError(f"--target {text!r} has no {noun} {value!r}; choose one of: {allowed}")
    return choices(value)


DEFAULT_TARGETS = (
    TargetName(Runtime.AWS_LAMBDA, Strategy.PER_REQUEST, Route.PROXY),
    TargetName(Runtime.AWS_LAMBDA, Strategy.PERSISTENT, Route.PROXY),
    TargetName(Runtime.AWS_LAMBDA, Strategy.PER_REQUEST, Route.DIRECT),
    TargetName(Runtime.AWS_APP_RUNNER, Strategy.POOL, Route.DIRECT),
    TargetName(Runtime.AWS_ECS, Strategy.POOL, Route.DIRECT),
)
