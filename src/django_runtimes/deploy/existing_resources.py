"""Reads [stages.….network] and [stages.….database], which name what a stage takes over instead of creating it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django_runtimes.cli.text_files.toml_file import known_key
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE, EXISTING_DATABASE, EXISTING_NETWORK, NETWORK, ROTATION, Stack

# The keys of each table, and the template parameters that they set.
_NETWORK_KEYS = {"vpc": "VpcId", "private_subnets": "PrivateSubnets", "public_subnets": "PublicSubnets"}
_LOGIN_KEYS = {"name": "DatabaseName", "operations_user": "OperationsUser", "user": "WebUser"}
_DATABASE_KEYS = {
    "host": "Host",
    "port": "Port",
    "identifier": "Identifier",
    "resource_id": "ResourceId",
    "security_group": "SecurityGroup",
    "security_group_rules": "GroupRules",
    "secret": "OperationsSecret",
    **_LOGIN_KEYS,
}
_SNAPSHOT_KEYS = {"snapshot": "Snapshot", **_LOGIN_KEYS}
_NETWORK_REQUIRED = ("vpc", "private_subnets")
_DATABASE_REQUIRED = ("host", "identifier", "resource_id", "security_group", "name", "operations_user")
_SNAPSHOT_REQUIRED = ("snapshot", "name", "operations_user")
_LISTS = ("private_subnets", "public_subnets")
# RDS writes its own secrets under these names. They have no host, so AWS's rotation functions cannot use them.
_MANAGED_BY_RDS = ":secret:rds!"

# Only the tables set these parameters, and the stacks of a stage without them do not have them or their defaults.
TABLE_PARAMETERS = frozenset({*_NETWORK_KEYS.values(), *_DATABASE_KEYS.values(), *_SNAPSHOT_KEYS.values()})
# This one follows from the tables.
ROTATES_OPERATIONS = "RotateOperationsLogin"


@dataclass(frozen=True)
class ExistingResources:
    """The two tables of one stage, as parameters of the templates; a missing table is empty."""

    stage: str
    network: Mapping[str, Any] = field(default_factory=dict)
    database: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_network(self) -> bool:
        """Whether the stage runs in an existing VPC."""
        return bool(self.network)

    @property
    def has_database(self) -> bool:
        """Whether the stage uses an existing database; one that starts from a snapshot is the stage's own."""
        return "Host" in self.database

    @property
    def starts_from_snapshot(self) -> bool:
        """Whether the stage's own database starts from a snapshot."""
        return "Snapshot" in self.database

    @property
    def has_secret_for_rotation(self) -> bool:
        """Whether AWS's rotation functions can log in with the administrator's secret."""
        return _MANAGED_BY_RDS not in str(self.database.get("OperationsSecret", ""))

    def template_of(self, stack: Stack) -> Stack:
        """Return the stack with the template that this stage needs."""
        if stack == NETWORK and self.has_network:
            return EXISTING_NETWORK
        if stack == DATABASE and self.has_database:
            return EXISTING_DATABASE
        return stack

    def parameters(self, stack: Stack) -> Mapping[str, Any]:
        """Return the parameters that the tables set for a stack."""
        if stack == ROTATION:
            return {ROTATES_OPERATIONS: not self.has_database}
        return {NETWORK: self.network, DATABASE: self.database}.get(stack, {})

    def written(self, stack: Stack, parameter: str) -> str | None:
        """Return the parameter as webapp.toml writes it, or None if no table sets it."""
        keys, name = (_NETWORK_KEYS, "network") if stack == NETWORK else (_DATABASE_KEYS | _SNAPSHOT_KEYS, "database")
        found = [key for key, each in keys.items() if each == parameter]
        return f"[stages.{self.stage}.{name}] {found[0]}" if found and stack in {NETWORK, DATABASE} else None


def read_existing(
    stage: str, network: Mapping[str, Any] | None, database: Mapping[str, Any] | None
) -> ExistingResources:
    """Validate the tables of a stage, None for a missing one; raise UsageError for a mistake."""
    found = ExistingResources(
        stage,
        {} if network is None else _read(network, f"[stages.{stage}.network]", _NETWORK_KEYS, _NETWORK_REQUIRED),
        {} if database is None else _read_database(database, f"[stages.{stage}.database]"),
    )
    if found.has_database and not found.has_network:
        raise UsageError(
            f"[stages.{stage}.database] names an existing database, which the stage's own network cannot reach; name "
            f"the database's VPC and subnets in [stages.{stage}.network]"
        )
    return found


def _read_database(table: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    if "snapshot" in table and "host" in table:
        raise UsageError(
            f"{place} has snapshot and host; keep host for an existing database, or snapshot for a new one"
        )
    if "snapshot" in table:
        return _read(table, place, _SNAPSHOT_KEYS, _SNAPSHOT_REQUIRED)
    return _read(table, place, _DATABASE_KEYS, _DATABASE_REQUIRED)


def _read(
    table: Mapping[str, Any], place: str, keys: Mapping[str, str], required: tuple[str, ...]
) -> Mapping[str, Any]:
    for key, value in table.items():
        if key not in keys:
            raise UsageError(f"{place} has no key '{key}'; {known_key(key, tuple(keys))}")
        if wanted := _broken_type(key, value):
            raise UsageError(f"{place} {key} = {value!r} is not {wanted}; correct it")
    missing = [key for key in required if key not in table]
    if missing:
        raise UsageError(
            f"{place} lacks {', '.join(missing)}; `webapp docs deploy` shows the tables, and the commands that print "
            "their values"
        )
    return {keys[key]: value for key, value in table.items()}


def _broken_type(key: str, value: object) -> str | None:
    """Return the type that the key needs, or None if the value has it."""
    if key in _LISTS:
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return None if is_list and value else "a list of subnet IDs in quotes"
    if key == "security_group_rules":
        return None if isinstance(value, bool) else "true or false"
    if key == "port":
        return None if isinstance(value, int) and not isinstance(value, bool) else "a number"
    return None if isinstance(value, str) and value else "a string in quotes"
