"""Finds the processes of an image in a template: where their variables and secrets stand, and which role reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django_runtimes.deploy.templates.templates import names_in

IMAGE_PARAMETER = "ImageUri"
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class ProcessKind:
    """A type of resource that runs an image, and the places of its properties.

    `container` leads to the properties with the variables; without `secrets` the platform injects none.
    """

    image: Path
    container: Path
    variables: str
    role: Path
    secrets: str | None = None
    # The key of a secret's reference, beside its Name.
    reference: str = ""
    largest_bytes: int | None = None
    accepts_lines: bool = True


LAMBDA_BYTES = 4096

PROCESS_KINDS: Mapping[str, ProcessKind] = {
    "AWS::Lambda::Function": ProcessKind(
        image=("Code", "ImageUri"),
        container=("Environment",),
        variables="Variables",
        role=("Role",),
        largest_bytes=LAMBDA_BYTES,
    ),
    "AWS::ECS::TaskDefinition": ProcessKind(
        image=("ContainerDefinitions", 0, "Image"),
        container=("ContainerDefinitions", 0),
        variables="Environment",
        role=("ExecutionRoleArn",),
        secrets="Secrets",
        reference="ValueFrom",
    ),
    "AWS::ECS::ExpressGatewayService": ProcessKind(
        image=("PrimaryContainer", "Image"),
        container=("PrimaryContainer",),
        variables="Environment",
        role=("ExecutionRoleArn",),
        secrets="Secrets",
        reference="ValueFrom",
    ),
    "AWS::AppRunner::Service": ProcessKind(
        image=("SourceConfiguration", "ImageRepository", "ImageIdentifier"),
        container=("SourceConfiguration", "ImageRepository", "ImageConfiguration"),
        variables="RuntimeEnvironmentVariables",
        role=("InstanceConfiguration", "InstanceRoleArn"),
        secrets="RuntimeEnvironmentSecrets",
        reference="Value",
        accepts_lines=False,
    ),
}


@dataclass(frozen=True)
class ImageProcess:
    """A resource that runs the stage's image; `container` is the part of its properties with the variables."""

    logical_id: str
    kind: ProcessKind
    container: dict[str, Any]
    role: Any

    @property
    def variables(self) -> Any:
        """The variables: a mapping, or a list of pairs of Name and Value."""
        return self.container.get(self.kind.variables)

    @property
    def secrets(self) -> Any:
        """The secrets that the platform injects, or None."""
        return None if self.kind.secrets is None else self.container.get(self.kind.secrets)


def processes_of(content: Mapping[str, Any]) -> Iterator[ImageProcess]:
    """Yield the processes of a template that run the stage's image, and not, for example, a sidecar's."""
    for logical_id, resource in content["Resources"].items():
        kind = PROCESS_KINDS.get(resource["Type"])
        properties = resource.get("Properties") or {}
        if kind is not None and IMAGE_PARAMETER in names_in(_at(properties, kind.image)):
            container = _at(properties, kind.container)
            if isinstance(container, dict):
                yield ImageProcess(logical_id, kind, container, _at(properties, kind.role))


def _at(part: Any, path: Path) -> Any:
    """Return the part of a template at a path; None if there is none."""
    for step in path:
        try:
            part = part[step]
        except (KeyError, IndexError, TypeError):
            return None
    return part
