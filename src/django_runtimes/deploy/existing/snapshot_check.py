"""Compares the snapshot that a new database starts from with the parameters of its stack."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code
from django_runtimes.deploy.existing.existing_problem import ExistingProblem
from django_runtimes.deploy.templates.database_system import DATABASE_SYSTEM, POSTGRESQL, DatabaseSystem

_ABSENT = {"DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault", "InvalidParameterValue"}


class SnapshotCheck:
    """The questions about a snapshot; `place` is its table in webapp.toml, and `value` reads the stack's parameters."""

    def __init__(self, place: str, parameters: Mapping[str, str], *, system: DatabaseSystem) -> None:
        self._place = place
        self._parameters = parameters
        self._system = system
        self._engine = parameters["Engine"]
        self._name = parameters["Snapshot"]

    def problems(self, aws: Aws) -> Iterator[ExistingProblem]:
        """Ask AWS and yield the problems."""
        found = read_snapshot(aws, self._engine, self._name)
        if found is None:
            yield self._absent(aws)
            return
        if found["Engine"] != (wanted := self._system.rds_engines[self._engine]):
            of_system = "" if self._system is POSTGRESQL else f"{DATABASE_SYSTEM} = '{self._system.value}' with "
            yield ExistingProblem(
                f"the snapshot {self._name} is of {found['Engine']}, and {of_system}Engine = '{self._engine}' needs "
                f"{wanted}",
                f"name another snapshot, or set another Engine or {DATABASE_SYSTEM}",
            )
            return
        if found["Status"] != "available":
            yield ExistingProblem(f"the snapshot {self._name} is {found['Status']}", "wait until it is available")
        if not found.get("Encrypted", found.get("StorageEncrypted")):
            yield ExistingProblem(
                f"the snapshot {self._name} is not encrypted, and so its database would not be",
                f"name the encrypted copy that `{self._copy(aws)}` makes",
            )
        yield from self._values(found)

    def _values(self, found: Mapping[str, Any]) -> Iterator[ExistingProblem]:
        major, version = self._system.major(found["EngineVersion"]), self._system.version_parameter
        if major != self._parameters[version]:
            yield ExistingProblem(
                f"the snapshot {self._name} is of {self._system.product} {major}, and {version} is "
                f"'{self._parameters[version]}'",
                f"set {version} to {major}, and upgrade the restored database afterwards",
            )
        if self._engine == "instance" and found["AllocatedStorage"] > int(self._parameters["StorageGb"]):
            yield ExistingProblem(
                f"the snapshot {self._name} has {found['AllocatedStorage']} GB, and StorageGb is "
                f"{self._parameters['StorageGb']}",
                f"set StorageGb to {found['AllocatedStorage']} or more, and MaxStorageGb to at least a tenth above it",
            )
        if self._parameters["Credentials"] == "secretsmanager":
            master = found["MasterUsername"]
            if master != self._parameters["OperationsUser"]:
                yield ExistingProblem(
                    f"{self._place} operations_user = '{self._parameters['OperationsUser']}' is not the master user of "
                    f"the snapshot {self._name}, whose password the deploy sets",
                    f"set operations_user to '{master}'",
                )

    def _absent(self, aws: Aws) -> ExistingProblem:
        other = "instance" if self._engine == "aurora" else "aurora"
        if read_snapshot(aws, other, self._name) is not None:
            return ExistingProblem(
                f"the snapshot {self._name} is not of Engine = '{self._engine}' but of '{other}'",
                f"set Engine to '{other}' in [parameters] of the stage, or name another snapshot",
            )
        return ExistingProblem(
            f"{self._place} snapshot = '{self._name}' does not exist in account {aws.account}, {aws.region}",
            "correct it; copy a snapshot of another region or account first (`webapp docs deploy`)",
        )

    def _copy(self, aws: Aws) -> str:
        kind = "cluster-" if self._engine == "aurora" else ""
        return (
            f"aws rds copy-db-{kind}snapshot --source-db-{kind}snapshot-identifier {self._name} "
            f"--target-db-{kind}snapshot-identifier {self._name.rpartition(':')[2]}-encrypted "
            f"--kms-key-id alias/aws/rds --region {aws.region}"
        )


def read_snapshot(aws: Aws, engine: str, name: str) -> Mapping[str, Any] | None:
    """Return the snapshot of an instance, or with the engine `aurora` of a cluster, or None."""
    client = aws.brief_client("rds")
    # A snapshot that another account shares has an ARN, and is listed only on request.
    shared = {"IncludeShared": True} if name.startswith("arn:") else {}
    try:
        if engine == "aurora":
            found = client.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name, **shared)[
                "DBClusterSnapshots"
            ]
        else:
            found = client.describe_db_snapshots(DBSnapshotIdentifier=name, **shared)["DBSnapshots"]
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return None
        raise
    return found[0] if found else None
