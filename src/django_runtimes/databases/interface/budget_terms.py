"""The terms of a connection budget that differ from engine to engine."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class BudgetTerms:
    """The connections of a command that runs as an operation, and the slots that a server reserves by default.

    `default_port` tells whether two entries of DATABASES have the same server, and `has_pool` whether the strategy
    `pool` exists. `new_connections_per_s` is the number that the service accepts, or None without such a limit.
    `has_proxy` is whether RDS Proxy serves the engine, and `reads_limits` whether the doctor reads the server's limits.
    """

    operations: int
    operations_source: str
    reserved: Mapping[str, int]
    reserved_source: str
    default_port: int
    has_pool: bool
    new_connections_per_s: int | None = None
    has_proxy: bool = True
    reads_limits: bool = True
