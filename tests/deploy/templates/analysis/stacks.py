"""Resolves the templates as CloudFormation does: evaluates conditions and follows references."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS, Schedule
from django_runtimes.deploy.templates.schedule_template import with_schedules
from django_runtimes.deploy.templates.templates import Template
from tests.deploy.intrinsic_functions import IntrinsicFunctions
from tests.deploy.template_yaml import load_yaml

TEMPLATES = Path(__file__).parents[4] / "deploy"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:" + "0" * 64
MEASUREMENT_KEY_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:measurement-key-a1B2c3"

# The parameters without a default.
REQUIRED = {
    "ImageUri": IMAGE,
    "BudgetEmail": "team@example.com",
    "Domain": "guestbook.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
}
# The verbs repeat the resources of this template; these two schedules, in a function and as a task, stand for all.
SCHEDULES = "operations/schedules.yaml"
NIGHTLY_TASK = Schedule("import", "check", ("--deploy",), "rate(1 day)", task=True)
# A template is created only if the parameter has this value.
ONLY_WITH = {
    "foundation/endpoints.yaml": ("Egress", "endpoints"),
    "foundation/distribution.yaml": ("StaticFiles", "cloudfront"),
    "foundation/rotation.yaml": ("Credentials", "secretsmanager"),
}
# The route data_api, as the verbs spell it, and the templates that are not created with it.
DATA_API = {"DataApi": "yes", "Engine": "aurora", "Credentials": "secretsmanager", "MinAcu": "0"}
NOT_WITH_DATA_API = {
    "apprunner/template.yaml",
    "ecs/express.yaml",
    "ecs/fargate.yaml",
    "ecs/load-balancer.yaml",
    "foundation/proxy.yaml",
    "foundation/rotation.yaml",
}
# A template is created instead of another one if the parameter is given.
INSTEAD_OF = {
    "foundation/existing-network.yaml": ("VpcId", "foundation/network.yaml"),
    "foundation/existing-database.yaml": ("Host", "foundation/database.yaml"),
}
# Another template for the stage's own database, instead of PostgreSQL's.
MYSQL_DATABASE = "foundation/mysql-database.yaml"
ON_MARIADB = {"DatabaseSystem": "mariadb", "Credentials": "secretsmanager", "Egress": "nat"}
ON_MYSQL = ON_MARIADB | {"DatabaseSystem": "mysql"}
ORACLE_DATABASE = "foundation/oracle-database.yaml"
SQL_SERVER_DATABASE = "foundation/sqlserver-database.yaml"
ON_ORACLE = ON_MARIADB | {"DatabaseSystem": "oracle-se2"}
ON_SQL_SERVER = ON_MARIADB | {"DatabaseSystem": "sqlserver-web"}
# The template of the stage's own database, by its system.
DATABASES = {
    "postgresql": "foundation/database.yaml",
    "mariadb": MYSQL_DATABASE,
    "mysql": MYSQL_DATABASE,
    "oracle-se2": ORACLE_DATABASE,
    "sqlserver-web": SQL_SERVER_DATABASE,
    "sqlserver-se": SQL_SERVER_DATABASE,
}
OTHER_DATABASES = {*DATABASES.values()} - {"foundation/database.yaml"}
# RDS Proxy does not serve Oracle, and AWS's rotation functions connect to it without TLS.
NOT_ON_ORACLE = {"foundation/proxy.yaml", "foundation/rotation.yaml"}
EXISTING_NETWORK = {
    "VpcId": "vpc-0a1",
    "PrivateSubnets": "subnet-0a1,subnet-0a2",
    "PublicSubnets": "subnet-0b1,subnet-0b2",
}
EXISTING_DATABASE = {
    "Host": "orders.c1.us-east-1.rds.amazonaws.com",
    "Port": 5433,
    "DatabaseName": "orders",
    "Identifier": "orders",
    "ResourceId": "db-ORDERS",
    "SecurityGroup": "sg-0d1",
    "OperationsUser": "postgres",
    "OperationsSecret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-a1B2c3",
    "WebUser": "orders_web",
    "RotateOperationsLogin": "no",
}
# What Express Mode creates for its service: a load balancer, and a target group for each side of a canary.
_BALANCING = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
EXPRESS_BALANCING: dict[str, str | list[str]] = {
    "ECSManagedResourceArns.IngressPath.LoadBalancerArn": f"{_BALANCING}:loadbalancer/app/express/0a1",
    "ECSManagedResourceArns.IngressPath.TargetGroupArns": [
        f"{_BALANCING}:targetgroup/express/0b1",
        f"{_BALANCING}:targetgroup/express/0b2",
    ],
}
_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/webapp/51af3dc0-da77-11e4-872e-1234567db123",
    "AWS::URLSuffix": "amazonaws.com",
}
_ROW = re.compile(r"^\| \d+ \| `([^`]+\.yaml)`", re.MULTILINE)


@cache
def read_template(name: str) -> dict[str, Any]:
    """Return the parsed template with its short forms expanded; the object is shared, so copy it before a change."""
    template: dict[str, Any] = load_yaml((TEMPLATES / name).read_text())
    return template


@cache
def template_names() -> list[str]:
    """Return the templates in the order in which deploy/README.md creates them."""
    return _ROW.findall((TEMPLATES / "README.md").read_text())


def templates_for(parameters: Mapping[str, Any]) -> list[str]:
    """Return the templates that are created with these parameters, in order."""
    left_out = {name for name, (parameter, value) in ONLY_WITH.items() if parameters.get(parameter) != value}
    left_out |= NOT_WITH_DATA_API if parameters.get("DataApi") == "yes" else set()
    left_out |= {own if parameter in parameters else name for name, (parameter, own) in INSTEAD_OF.items()}
    system = parameters.get("DatabaseSystem", "postgresql")
    # A database that exists leaves out all of them.
    left_out |= {*DATABASES.values()} - ({DATABASES[system]} if "Host" not in parameters else set())
    left_out |= NOT_ON_ORACLE if system == "oracle-se2" else set()
    return [name for name in template_names() if name not in left_out]


@dataclass(frozen=True)
class Resource:
    """A resource of a stack, with resolved properties, update policy and deletion policy."""

    stack: str
    name: str
    type: str
    properties: dict[str, Any]
    policies: dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """A resolved template."""

    template: str
    resources: dict[str, Resource]
    outputs: dict[str, Any]

    def of_type(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources.values() if resource.type in types]


@dataclass(frozen=True)
class Deployment:
    """All stacks of a stage, and their exports."""

    stacks: dict[str, Stack]
    exports: dict[str, Any]
    stage: str

    def exported(self, name: str) -> Any:
        """Return the value that a stack of this stage exports under the name."""
        return self.exports[f"webapp-{self.stage}-{name}"]

    def named(self, template: str, name: str) -> Resource:
        return self.stacks[template].resources[name]

    def of_type(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type in types]

    @property
    def resources(self) -> Iterator[Resource]:
        return (resource for stack in self.stacks.values() for resource in stack.resources.values())


def deploy(
    templates: Mapping[str, dict[str, Any]] | None = None, /, *, only: tuple[str, ...] | None = None, **parameters: Any
) -> Deployment:
    """Resolve the templates that these parameters need, or only the templates in `only`, in order.

    Each template gets the parameters that it declares. `templates` replaces files by their names.
    """
    stacks: dict[str, Stack] = {}
    exports: dict[str, Any] = {}
    for name in only or templates_for(parameters):
        template = (templates or {}).get(name) or read_template(name)
        if name == SCHEDULES:
            template = json.loads(with_schedules(Template("", template), (CLEAR_SESSIONS, NIGHTLY_TASK)).body)
        stack, exported = _Resolver(name, template, {**REQUIRED, **parameters}, exports).stack()
        stacks[name] = stack
        exports |= exported
    return Deployment(stacks, exports, parameters.get("Stage", "dev"))


class _Resolver(IntrinsicFunctions):
    def __init__(
        self, name: str, template: dict[str, Any], parameters: Mapping[str, Any], exports: Mapping[str, Any]
    ) -> None:
        values = dict(_PSEUDO)
        for parameter, declared in template.get("Parameters", {}).items():
            values[parameter] = parameters.get(parameter, declared.get("Default"))
            assert values[parameter] is not None, f"{name} requires {parameter}"
        super().__init__(template, values)
        self._name = name
        self._exports = exports

    def stack(self) -> tuple[Stack, dict[str, Any]]:
        resources = {
            name: Resource(
                self._name,
                name,
                declared["Type"],
                self.resolve(declared.get("Properties", {})),
                {key: self.resolve(value) for key, value in declared.items() if key.endswith("Policy")},
            )
            for name, declared in self._template["Resources"].items()
            if self.is_present(declared)
        }
        outputs, exports = {}, {}
        for name, declared in self._template.get("Outputs", {}).items():
            if self.is_present(declared):
                outputs[name] = self.resolve(declared["Value"])
                if "Export" in declared:
                    exports[self.resolve(declared["Export"]["Name"])] = outputs[name]
        return Stack(self._name, resources, outputs), exports

    def _reference(self, name: str) -> Any:
        return self._values[name] if name in self._values else self._identity(name)

    def _identity(self, logical: str) -> str:
        """Return the value of Ref: an ARN if the type's documentation says so, otherwise a unique name."""
        kind = self._template["Resources"][logical]["Type"]
        if kind in {"AWS::SecretsManager::Secret", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Alias", "AWS::SNS::Topic"}:
            return self._arn(logical)
        return f"{self._name}:{logical}"

    def _attribute(self, logical: str, attribute: str) -> str | list[str]:
        assert logical in self._template["Resources"], f"{self._name} has no {logical}"
        if attribute in EXPRESS_BALANCING:
            return EXPRESS_BALANCING[attribute]
        if attribute.endswith("Arn"):
            return self._arn(logical)
        return f"{self._name}:{logical}.{attribute}"

    def _arn(self, logical: str) -> str:
        kind = self._template["Resources"][logical]["Type"].split("::")
        return f"arn:aws:{kind[1].lower()}:us-east-1:123456789012:{kind[2].lower()}:{self._name}/{logical}"

    def _import(self, name: str) -> Any:
        return self._exports[name]

    def _unknown(self, function: str) -> Exception:
        return NotImplementedError(f"{function} in {self._name}")
