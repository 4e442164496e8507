"""Parses the names of targets: `runtime/strategy/route`, with `+snapstart`, `+managed` and `@MB` for functions."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.emulator.container_limits import MAX_LAMBDA_MB, MIN_LAMBDA_MB
from django_runtimes.config.values.connection_strategy import Route, Strategy
from django_runtimes.config.values.data_paths import Engine, strategies_of
from django_runtimes.config.values.runtime import Runtime

_Choice = TypeVar("_Choice", bound=StrEnum)
_SNAP_START, _MANAGED = "snapstart", "managed"
_TO_HYPHENS = str.maketrans("/@+", "---")


@dataclass(frozen=True)
class TargetName:
    """One alternative under comparison."""

    runtime: Runtime
    strategy: Strategy
    route: Route
    memory_mb: int | None = None
    snap_start: bool = False
    managed: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the parts of a name; raise UsageError for another form or an unknown part."""
        parts, at, memory = text.partition("@")
        match parts.split("/"):
            case [service, strategy, route]:
                runtime, plus, option = service.partition("+")
                name = cls(
                    runtime=_part(text, runtime, Runtime, "runtime"),
                    strategy=_part(text, strategy, Strategy, "strategy"),
                    route=_part(text, route, Route, "route"),
                )
                if name.strategy not in strategies_of(Engine.POSTGRESQL, name.route):
                    available = " or ".join(strategies_of(Engine.POSTGRESQL, name.route))
                    raise UsageError(f"--target {text!r}: the route {name.route} has only the strategy {available}")
                if plus:
                    name = name._with_option(text, option)
                return replace(name, memory_mb=name._memory(text, memory)) if at else name
            case _:
                raise UsageError(f"--target {text!r} is not runtime/strategy/route; use the form {DEFAULT_TARGETS[0]}")

    @property
    def label(self) -> str:
        """The name in a form for file names."""
        return str(self).translate(_TO_HYPHENS)

    def __str__(self) -> str:
        size = "" if self.memory_mb is None else f"@{self.memory_mb}"
        return f"{self.runtime}{self.option and '+'}{self.option}/{self.strategy}/{self.route}{size}"

    @property
    def option(self) -> str:
        """The option of a Lambda function, or an empty text."""
        if self.managed:
            return _MANAGED
        return _SNAP_START if self.snap_start else ""

    def _with_option(self, text: str, option: str) -> Self:
        if self.runtime is Runtime.AWS_LAMBDA and set(option.split("+")) == {_SNAP_START, _MANAGED}:
            raise UsageError(f"--target {text!r}: Managed Instances have no SnapStart; choose one of the two options")
        if self.runtime is not Runtime.AWS_LAMBDA or option not in {_SNAP_START, _MANAGED}:
            raise UsageError(
                f"--target {text!r}: {self.runtime} has no option {option!r}; there are "
                f"{Runtime.AWS_LAMBDA}+{_SNAP_START} and {Runtime.AWS_LAMBDA}+{_MANAGED}"
            )
        return replace(self, snap_start=option == _SNAP_START, managed=option == _MANAGED)

    def _memory(self, text: str, memory: str) -> int:
        if self.runtime is not Runtime.AWS_LAMBDA:
            raise UsageError(f"--target {text!r}: only {Runtime.AWS_LAMBDA} has a memory size; omit '@{memory}'")
        if self.managed:
            raise UsageError(
                f"--target {text!r}: the memory of Managed Instances comes with whole CPUs, which are not limited "
                f"here; omit '@{memory}'"
            )
        try:
            return memory_size_mb(memory)
        except ValueError as error:
            raise UsageError(f"--target {text!r}: {error}") from None


def memory_size_mb(text: str) -> int:
    """Parse the memory of a Lambda function in MB; raise ValueError with the remedy for an invalid one."""
    if re.fullmatch("[1-9][0-9]{2,4}", text) is None or not MIN_LAMBDA_MB <= int(text) <= MAX_LAMBDA_MB:
        bounds = f"{MIN_LAMBDA_MB} to {MAX_LAMBDA_MB:,}"
        raise ValueError(f"{text!r} is not a memory size of Lambda; use whole MB from {bounds}, such as 512")
    return int(text)


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
