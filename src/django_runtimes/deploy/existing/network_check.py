"""Compares [stages.….network] with the VPC."""

from collections.abc import Iterator, Sequence

from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.existing.existing_problem import ExistingProblem
from django_runtimes.deploy.existing.vpc import Vpc, VpcSubnet, read_vpc

_ECS = {DeployTarget.AWS_ECS, DeployTarget.AWS_ECS_EXPRESS}
# The services that endpoints.yaml gives endpoints, since tasks need them to start.
_SERVICES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
# The values of MailEndpoint that add an endpoint, and its service.
MAIL_SERVICES = {"api": "email", "yes": "email-smtp"}
# A load balancer needs this many addresses in each of its subnets.
_FREE_ADDRESSES = 8
# RDS Proxy is not available in these zones.
_WITHOUT_PROXY = {"use1-az3", "usw1-az2"}


class NetworkCheck:
    """The questions about the network of one stage; `place` is its table in webapp.toml."""

    def __init__(
        self,
        place: str,
        private: Sequence[str],
        public: Sequence[str],
        *,
        target: DeployTarget,
        has_data_api: bool,
        egress: str,
        has_tasks: bool,
        mail_endpoint: str,
    ) -> None:
        self._place = place
        self._private = private
        self._public = public
        self._has_proxy = target is DeployTarget.AWS_LAMBDA and not has_data_api
        self._has_functions = not has_data_api
        self._target = target
        self._egress = egress
        self._has_tasks = has_tasks
        self._endpoints = (*_SERVICES, *(name for value, name in MAIL_SERVICES.items() if value == mail_endpoint))

    def problems(self, aws: Aws, vpc_id: str, *, own_endpoints: bool) -> Iterator[ExistingProblem]:
        """Ask AWS and yield the problems; `own_endpoints` are endpoints that the stage has already created itself."""
        vpc = read_vpc(aws, vpc_id, [*self._private, *self._public])
        if vpc is None:
            yield ExistingProblem(
                f"{self._place} vpc = '{vpc_id}' does not exist in account {aws.account}, {aws.region}",
                f"correct it; `aws ec2 describe-vpcs --region {aws.region}` lists the VPCs",
            )
            return
        yield from self._names(vpc)
        misplaced = list(self._misplaced(vpc))
        yield from misplaced
        if misplaced:
            return
        private = [vpc.subnets[each] for each in self._private]
        public = [vpc.subnets[each] for each in self._public]
        yield from self._zones("private_subnets", private, one_each=self._egress == "endpoints")
        if not public:
            yield from self._without_public_subnets()
        yield from self._zones("public_subnets", public, one_each=True)
        yield from self._public_routes(aws.account, public)
        if self._has_functions:
            yield from self._private_routes(aws, vpc, private)
        if self._egress == "endpoints" and not own_endpoints:
            yield from self._second_endpoints(vpc)

    def _without_public_subnets(self) -> Iterator[ExistingProblem]:
        user = ""
        if self._target in _ECS:
            user = f"the load balancer of {self._target}"
        elif self._has_tasks and self._egress == "none":
            user = "a schedule that runs as a task with Egress = 'none'"
        if user:
            yield ExistingProblem(
                f"{self._place} has no public_subnets, which {user} needs",
                "name subnets in two zones whose default route is an internet gateway",
            )

    def _names(self, vpc: Vpc) -> Iterator[ExistingProblem]:
        wanted = {"--enable-dns-support": vpc.resolves_names}
        if self._egress == "endpoints":
            wanted["--enable-dns-hostnames"] = vpc.names_hosts
        for option, is_on in wanted.items():
            if not is_on:
                yield ExistingProblem(
                    f"{vpc.id} does not resolve the names of the database or of endpoints",
                    f"run `aws ec2 modify-vpc-attribute --vpc-id {vpc.id} {option}`",
                )

    def _misplaced(self, vpc: Vpc) -> Iterator[ExistingProblem]:
        for key, wanted in (("private_subnets", self._private), ("public_subnets", self._public)):
            for each in wanted:
                found = vpc.subnets.get(each)
                if found is None:
                    yield ExistingProblem(
                        f"{self._place} {key}: {each} does not exist",
                        f"`aws ec2 describe-subnets --filters Name=vpc-id,Values={vpc.id}` lists the subnets",
                    )
                elif found.vpc != vpc.id:
                    yield ExistingProblem(
                        f"{self._place} {key}: {each} is in {found.vpc}, not in {vpc.id}", "name subnets of one VPC"
                    )

    def _zones(self, key: str, subnets: Sequence[VpcSubnet], *, one_each: bool) -> Iterator[ExistingProblem]:
        zones = [each.zone for each in subnets]
        if subnets and len({*zones}) < 2:
            yield ExistingProblem(
                f"{self._place} {key} are all in {zones[0]}", "name subnets in at least two availability zones"
            )
        elif one_each and len({*zones}) < len(zones):
            twice = next(zone for zone in zones if zones.count(zone) > 1)
            yield ExistingProblem(
                f"{self._place} {key} has several subnets in {twice}", "name one subnet for each availability zone"
            )
        for each in subnets:
            if each.free_addresses < _FREE_ADDRESSES:
                yield ExistingProblem(
                    f"{each.id} has {each.free_addresses} free addresses, and at least {_FREE_ADDRESSES} are needed",
                    "name a larger subnet, or free some addresses",
                )
            if self._has_proxy and each.zone_id in _WITHOUT_PROXY and each.id in self._private:
                yield ExistingProblem(
                    f"{each.id} is in {each.zone} ({each.zone_id}), which has no RDS Proxy",
                    "name a subnet in another zone",
                )

    def _public_routes(self, account: str, subnets: Sequence[VpcSubnet]) -> Iterator[ExistingProblem]:
        for each in subnets:
            if not each.is_public and each.owner == account:
                yield ExistingProblem(
                    f"{self._place} public_subnets: {each.id} has no route to an internet gateway",
                    f"name a public subnet, or add the route 0.0.0.0/0 to {each.route_table or 'its route table'}",
                )

    def _private_routes(self, aws: Aws, vpc: Vpc, subnets: Sequence[VpcSubnet]) -> Iterator[ExistingProblem]:
        # The owner of a shared subnet does not show its routes and endpoints to other accounts.
        for each in (subnet for subnet in subnets if subnet.owner == aws.account):
            leads_out = self._egress == "nat" and each.default_route and not each.is_public
            if not leads_out and not vpc.reaches_by_endpoint(each, "s3"):
                yield ExistingProblem(
                    f"{self._place} private_subnets: {each.id} does not reach S3, which has the pictures",
                    f"run `aws ec2 create-vpc-endpoint --vpc-id {vpc.id} --service-name "
                    f"com.amazonaws.{aws.region}.s3 --route-table-ids {each.route_table} --region {aws.region}`, which "
                    "is free of charge",
                )
            lacking = [service for service in _SERVICES if not vpc.reaches_by_endpoint(each, service)]
            if self._egress == "nat" and not leads_out and lacking:
                route = "an internet gateway, which private addresses cannot use" if each.is_public else "nothing"
                yield ExistingProblem(
                    f"{self._place} private_subnets: with Egress = 'nat', {each.id} needs a way out, but its default "
                    f"route leads to {route}, and {vpc.id} has no endpoints for {', '.join(lacking)}",
                    "name subnets behind a NAT gateway, or set Egress to 'endpoints' or 'none'",
                )

    def _second_endpoints(self, vpc: Vpc) -> Iterator[ExistingProblem]:
        there = [service for service in self._endpoints if service in vpc.interface_endpoints]
        if there:
            yield ExistingProblem(
                f"{vpc.id} has endpoints for {', '.join(there)} already, and a second one with the same name is "
                "impossible",
                "set Egress to 'nat', with which private subnets use the routes and endpoints that the VPC has",
            )
