"""Parses the names of deployed targets: `runtime[+option][/strategy/route][@size]`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.values.connection_strategy import Route, Strategy
from django_runtimes.config.values.profile import PROFILES
from django_runtimes.config.values.runtime import Runtime

_FORM = re.compile(
    r"(?P<runtime>[a-z_]+)(?:\+[a-z0-9_-]+)*(?:/(?P<strategy>[a-z_]+)/(?P<route>[a-z_]+))?(?:@[a-z0-9_.-]+)*"
)
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class DeployedName:
    """The name of a deployed target; nothing checks options and sizes, and the bill uses a Lambda function's size.

    Strategy and route are the runtime's default ones unless the name has them.
    """

    text: str
    runtime: Runtime
    strategy: Strategy
    route: Route

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a name; raise UsageError for another form or an unknown part."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise UsageError(
                f"--target {text!r}=… is not runtime[+option][/strategy/route][@size]; use the form "
                "aws_lambda=https://… or aws_lambda+snapstart/per_request/proxy=https://…"
            )
        runtime = _part(text, match["runtime"], Runtime, "runtime")
        profile = PROFILES[runtime]
        return cls(
            text=text,
            runtime=runtime,
            strategy=_part(text, match["strategy"] or profile.connections.name, Strategy, "strategy"),
            route=_part(text, match["route"] or str(profile.route), Route, "route"),
        )

    @property
    def has_data_path(self) -> bool:
        """Whether the name has a strategy and a route."""
        return "/" in self.text

    @property
    def memory_mb(self) -> int | None:
        """The memory of a Lambda function that the name states as its size, as in @1769; None without one."""
        size = self.text.rpartition("@")[2] if "@" in self.text else ""
        return int(size) if self.runtime is Runtime.AWS_LAMBDA and size.isdecimal() else None

    def __str__(self) -> str:
        return self.text


def _part(text: str, value: str, choices: type[_Choice], noun: str) -> _Choice:
    if value not in set(choices):
        raise UsageError(f"--target {text!r}=… has no {noun} {value!r}; choose one of: {', '.join(sorted(choices))}")
    return choices(value)
