"""Parses the names of targets: `runtime[+option]/strategy/route[@engine][@MB]`."""

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
# The data paths whose server or stand-in a comparison can start; RDS Proxy has no stand-in for MySQL's protocol.
_MEASURED = (
    (Engine.POSTGRESQL, Route.DIRECT),
    (Engine.POSTGRESQL, Route.PROXY),
    (Engine.POSTGRESQL, Route.DATA_API),
    (Engine.MYSQL, Route.DIRECT),
)
MEASURED_ENGINES = tuple(dict.fromkeys(engine for engine, _ in _MEASURED))
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
    engine: Engine = Engine.POSTGRESQL

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the parts of a name; raise UsageError for another form or an unknown part."""
        parts, *suffixes = text.split("@")
        engine = Engine.POSTGRESQL
        if suffixes and suffixes[0] and not suffixes[0][0].isdigit():
            engine = _engine(text, suffixes.pop(0))
        match parts.split("/"):
            case [service, strategy, route]:
                runtime, plus, option = service.partition("+")
                name = cls(
                    runtime=_part(text, runtime, Runtime, "runtime"),
                    strategy=_part(text, strategy, Strategy, "strategy"),
                    route=_part(text, route, Route, "route"),
                    engine=engine,
                )
                name._require_data_path(text)
                if plus:
                    name = name._with_option(text, option)
                return replace(name, memory_mb=name._memory(text, "@".join(suffixes))) if suffixes else name
            case _:
                raise UsageError(f"--target {text!r} is not runtime/strategy/route; use the form {DEFAULT_TARGETS[0]}")

    @property
    def label(self) -> str:
        """The name in a form for file names."""
        return str(self).translate(_TO_HYPHENS)

    def __str__(self) -> str:
        engine = "" if self.engine is Engine.POSTGRESQL else f"@{self.engine}"
        size = "" if self.memory_mb is None else f"@{self.memory_mb}"
        return f"{self.runtime}{self.option and '+'}{self.option}/{self.strategy}/{self.route}{engine}{size}"

    @property
    def option(self) -> str:
        """The option of a Lambda function, or an empty text."""
        if self.managed:
            return _MANAGED
        return _SNAP_START if self.snap_start else ""

    def _require_data_path(self, text: str) -> None:
        available = strategies_of(self.engine, self.route)
        if not available or (self.engine, self.route) not in _MEASURED:
            routes = ", ".join(route for engine, route in _MEASURED if engine is self.engine)
            raise UsageError(
                f"--target {text!r}: nothing on this machine stands in for the route {self.route} of {self.engine}; "
                f"use {routes}"
            )
        if self.strategy not in available:
            of_engine = "" if self.engine is Engine.POSTGRESQL else f" of {self.engine}"
            raise UsageError(
                f"--target {text!r}: the route {self.route}{of_engine} has only the strategy {' or '.join(available)}"
            )

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


def engine_in(name: str) -> Engine:
    """Return the engine in the name of an emulated target."""
    return next((Engine(part) for part in name.split("@")[1:] if part in MEASURED_ENGINES), Engine.POSTGRESQL)


def memory_size_mb(text: str) -> int:
    """Parse the memory of a Lambda function in MB; raise ValueError with the remedy for an invalid one."""
    if re.fullmatch("[1-9][0-9]{2,4}", text) is None or not MIN_LAMBDA_MB <= int(text) <= MAX_LAMBDA_MB:
        bounds = f"{MIN_LAMBDA_MB} to {MAX_LAMBDA_MB:,}"
        raise ValueError(f"{text!r} is not a memory size of Lambda; use whole MB from {bounds}, such as 512")
    return int(text)


def _engine(text: str, value: str) -> Engine:
    if value not in MEASURED_ENGINES:
        engines = " or ".join(MEASURED_ENGINES)
        raise UsageError(
            f"--target {text!r}: {value!r} is neither an engine nor a memory size; use {engines}, or whole MB such as "
            "512"
        )
    return Engine(value)


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
# For --engine mysql.
MYSQL_TARGETS = (
    TargetName(Runtime.AWS_LAMBDA, Strategy.PER_REQUEST, Route.DIRECT, engine=Engine.MYSQL),
    TargetName(Runtime.AWS_LAMBDA, Strategy.PERSISTENT, Route.DIRECT, engine=Engine.MYSQL),
    TargetName(Runtime.AWS_APP_RUNNER, Strategy.PERSISTENT, Route.DIRECT, engine=Engine.MYSQL),
    TargetName(Runtime.AWS_ECS, Strategy.PERSISTENT, Route.DIRECT, engine=Engine.MYSQL),
)
