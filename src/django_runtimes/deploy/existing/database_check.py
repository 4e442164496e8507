"""Compares [stages.….database] with the existing database in RDS and its security group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code
from django_runtimes.deploy.existing.existing_problem import ExistingProblem
from django_runtimes.deploy.templates.database_system import DATABASE_SYSTEM, SYSTEMS, DatabaseSystem

# With less, an Aurora cluster stays PENDING_PROXY_CAPACITY.
PROXY_ACU = 2
# A check of a token needs more memory than these instances have free.
SMALL_CLASS = ".micro"
MEMORY_OF_TOKENS = "has 1 GB of memory, and RDS needs 300 to 1,000 MiB of it free to check a token"
_ABSENT = {"DBInstanceNotFound", "DBClusterNotFoundFault"}
_NO_GROUP = {"InvalidGroup.NotFound", "InvalidGroupId.Malformed", "InvalidGroupId.NotFound"}


@dataclass(frozen=True)
class ServerInRds:
    """An instance or a cluster in RDS."""

    host: str
    # None for one that has no address yet.
    port: int | None
    resource_id: str
    engine: str
    # The complete version, such as 16.00.4215.2.v1.
    version: str
    status: str
    takes_tokens: bool
    groups: frozenset[str]
    # The cluster that an instance belongs to.
    cluster: str = ""
    # The minimum capacity of a serverless cluster.
    min_acu: float | None = None
    # The class of an instance, such as db.t4g.small.
    instance_class: str = ""
    # The ARN of a cluster, and whether it answers calls of the Data API.
    arn: str = ""
    has_data_api: bool = False


class DatabaseCheck:
    """The questions about a stage's existing database; `place` is its table in webapp.toml."""

    def __init__(
        self,
        place: str,
        parameters: Mapping[str, str],
        *,
        system: DatabaseSystem,
        engine: str,
        credentials: str,
        has_proxy: bool,
        has_data_api: bool,
    ) -> None:
        self._place = place
        self._parameters = parameters
        self._system = system
        self._engine = engine
        self._kind = "cluster" if engine == "aurora" else "instance"
        self._credentials = credentials
        self._has_proxy = has_proxy
        self._has_data_api = has_data_api

    def problems(self, aws: Aws, vpc: str) -> Iterator[ExistingProblem]:
        """Ask AWS and yield the problems; `vpc` is the stage's network."""
        identifier = self._parameters["Identifier"]
        server = read_server(aws.brief_client("rds"), self._kind, identifier)
        if server is None or server.cluster:
            yield self._absent(aws, identifier, server)
            return
        if server.engine != self._system.rds_engines[self._engine]:
            other = next((each for each in SYSTEMS.values() if server.engine in each.rds_engines.values()), None)
            remedy = f"name a {self._system.product} database"
            if other is not None:
                remedy += f", or set {DATABASE_SYSTEM} to '{other.value}' in [parameters] of the stage"
            yield ExistingProblem(f"the {self._kind} {identifier} runs {server.engine}", remedy)
        if server.status != "available":
            yield ExistingProblem(f"the {self._kind} {identifier} is {server.status}", "wait until it is available")
        yield from self._values(server)
        if self._credentials == "iam" and not server.takes_tokens:
            yield ExistingProblem(
                f"the {self._kind} {identifier} takes no tokens, which Credentials = 'iam' needs",
                f"run `aws rds modify-db-{self._kind} --db-{self._kind}-identifier {identifier} "
                "--enable-iam-database-authentication --apply-immediately`, or set Credentials to 'secretsmanager'",
            )
        elif self._credentials == "iam" and server.instance_class.endswith(SMALL_CLASS):
            yield ExistingProblem(
                f"{identifier} is a {server.instance_class}, which {MEMORY_OF_TOKENS}",
                "move it to a larger class, or set Credentials to 'secretsmanager'",
                is_warning=True,
            )
        if self._has_proxy and self._system.major(server.version) in self._system.versions_without_proxy:
            yield ExistingProblem(
                f"the {self._kind} {identifier} has the version {server.version} of {self._system.product}, which RDS "
                "Proxy does not serve",
                "deploy the stage to containers, or name a server of an earlier version",
            )
        if self._has_proxy and server.min_acu is not None and server.min_acu < PROXY_ACU:
            yield ExistingProblem(
                f"the cluster {identifier} has a minimum of {server.min_acu:g} ACU, too little for RDS Proxy",
                f"give it a minimum of {PROXY_ACU} ACU or more",
            )
        if self._has_data_api and not server.has_data_api:
            yield ExistingProblem(
                f"the cluster {identifier} answers no calls of the Data API",
                f"run `aws rds enable-http-endpoint --resource-arn {server.arn} --region {aws.region}`, or "
                "remove Route",
            )
        yield from self._group(aws, server, vpc)

    def _absent(self, aws: Aws, identifier: str, server: ServerInRds | None) -> ExistingProblem:
        if server is not None:
            return ExistingProblem(
                f"{self._place} identifier = '{identifier}' is an instance of the cluster {server.cluster}",
                f"set identifier to '{server.cluster}', host to the cluster's endpoint, and Engine to 'aurora' in "
                "[parameters] of the stage",
            )
        named = {"instance": "an instance", "cluster": "a cluster"}
        other, engine = ("instance", "instance") if self._kind == "cluster" else ("cluster", "aurora")
        if read_server(aws.brief_client("rds"), other, identifier) is not None:
            return ExistingProblem(
                f"{self._place} identifier = '{identifier}' is {named[other]}, not {named[self._kind]}",
                f"set Engine to '{engine}' in [parameters] of the stage",
            )
        return ExistingProblem(
            f"{self._place} identifier = '{identifier}' is not a database of RDS in account {aws.account}, "
            f"{aws.region}",
            f"correct it; `aws rds describe-db-{self._kind}s --region {aws.region}` lists them",
        )

    def _values(self, server: ServerInRds) -> Iterator[ExistingProblem]:
        identifier = self._parameters["Identifier"]
        for key, name, has in (
            ("host", "Host", server.host),
            ("port", "Port", "" if server.port is None else str(server.port)),
            ("resource_id", "ResourceId", server.resource_id),
        ):
            given = self._parameters.get(name, str(self._system.port) if name == "Port" else "")
            if name == "Port" and self._system.has_tls_port:
                # RDS reports the port of plain text.
                if given == has:
                    yield ExistingProblem(
                        f"{self._place} port = '{given}' is the port of plain text of {identifier}",
                        f"set port to the port of its TLS, by default {self._system.port}, or remove it",
                    )
                continue
            if given != has and not (name == "Port" and server.port is None):
                yield ExistingProblem(
                    f"{self._place} {key} = '{given}' does not belong to {identifier}", f"set {key} to '{has}'"
                )

    def _group(self, aws: Aws, server: ServerInRds, vpc: str) -> Iterator[ExistingProblem]:
        group = self._parameters["SecurityGroup"]
        try:
            (found,) = aws.brief_client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
        except ClientError as error:
            if error_code(error) not in _NO_GROUP:
                raise
            found = {"VpcId": ""}
        have = ", ".join(sorted(server.groups)) or "none"
        if group not in server.groups:
            yield ExistingProblem(
                f"{self._place} security_group = '{group}' is not a security group of {self._parameters['Identifier']}",
                f"set it to one of the database's groups: {have}",
            )
        elif found["VpcId"] != vpc:
            yield ExistingProblem(
                f"the database {self._parameters['Identifier']} is in {found['VpcId']}, and the stage in {vpc}",
                "name the database's VPC and its subnets in the stage's network",
            )


def read_server(client: Any, kind: str, identifier: str) -> ServerInRds | None:
    """Return the instance or cluster with this name, or None; `client` is one of RDS."""
    try:
        if kind == "cluster":
            (found,) = client.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
            return _cluster(found)
        (found,) = client.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
        return _instance(found)
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return None
        raise


def _cluster(found: Mapping[str, Any]) -> ServerInRds:
    return ServerInRds(
        host=found.get("Endpoint", ""),
        port=found.get("Port"),
        resource_id=found["DbClusterResourceId"],
        engine=found["Engine"],
        version=found.get("EngineVersion", ""),
        status=found["Status"],
        takes_tokens=bool(found.get("IAMDatabaseAuthenticationEnabled")),
        groups=frozenset(each["VpcSecurityGroupId"] for each in found.get("VpcSecurityGroups", ())),
        min_acu=found.get("ServerlessV2ScalingConfiguration", {}).get("MinCapacity"),
        arn=found.get("DBClusterArn", ""),
        has_data_api=bool(found.get("HttpEndpointEnabled")),
    )


def _instance(found: Mapping[str, Any]) -> ServerInRds:
    # An instance that is being created has no address yet.
    endpoint = found.get("Endpoint", {})
    return ServerInRds(
        host=endpoint.get("Address", ""),
        port=endpoint.get("Port"),
        resource_id=found["DbiResourceId"],
        engine=found["Engine"],
        version=found.get("EngineVersion", ""),
        status=found["DBInstanceStatus"],
        takes_tokens=bool(found.get("IAMDatabaseAuthenticationEnabled")),
        groups=frozenset(each["VpcSecurityGroupId"] for each in found.get("VpcSecurityGroups", ())),
        cluster=found.get("DBClusterIdentifier", ""),
        instance_class=found.get("DBInstanceClass", ""),
    )
