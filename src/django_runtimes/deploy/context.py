"""What a verb works on: one target of one stage, its templates, and AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.aws.history import History
from django_runtimes.deploy.aws.images import Images
from django_runtimes.deploy.aws.stack_status import Standing
from django_runtimes.deploy.aws.stacks import Stacks, StackState
from django_runtimes.deploy.catalogue import (
    DATABASE,
    NETWORK,
    REGISTRY,
    ROTATION,
    Stack,
    endpoint_stack,
    foundation,
    runtime_stack,
)
from django_runtimes.deploy.configuration import Configuration, Deployment, choose_deployment, load_configuration
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.templates.parameters import effective, read_templates, stack_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource, find_templates
from django_runtimes.deploy.templates.templates import Template

X86_64 = "x86_64"


@dataclass(frozen=True)
class Context:
    """One run of a verb."""

    deployment: Deployment
    template_source: TemplateSource
    templates: Mapping[str, Template]
    aws: Aws
    progress: Progress
    consent: Consent

    @property
    def configuration(self) -> Configuration:
        """webapp.toml."""
        return self.deployment.configuration

    @property
    def place(self) -> str:
        """How messages call what is worked on."""
        return f"{self.configuration.project}, {self.deployment.stage}, {self.deployment.target}"

    @property
    def runtime(self) -> Stack:
        """The stack that has the traffic."""
        return runtime_stack(self.deployment.target)

    @property
    def foundation(self) -> tuple[Stack, ...]:
        """The stacks that need no image, in order."""
        return foundation(self.deployment.target, egress=self.value(NETWORK, "Egress"))

    @property
    def rotation(self) -> tuple[Stack, ...]:
        """What changes the logins' passwords, once the roles are there; nothing where there are none."""
        return (ROTATION,) if self.value(DATABASE, "Credentials") == "secretsmanager" else ()

    @cached_property
    def stacks(self) -> Stacks:
        """CloudFormation."""
        return Stacks(self.aws, self.progress)

    @cached_property
    def images(self) -> Images:
        """The project's repository."""
        return Images(self.aws, self.configuration.project)

    @cached_property
    def history(self) -> History:
        """The target's releases."""
        return History(self.aws, self.configuration.project, self.deployment.stage, self.deployment.target)

    @property
    def architecture(self) -> str:
        """What the image has to be built for, by Lambda's name; X86_64 where a template leaves no choice."""
        if "Architecture" not in self.templates[self.runtime.name].parameters:
            return X86_64
        return self.value(self.runtime, "Architecture").lower()

    def stack_name(self, stack: Stack) -> str:
        """CloudFormation's name of a stack."""
        return stack_name(self.deployment, stack)

    def state(self, stack: Stack) -> StackState:
        """A stack as it is."""
        return self.stacks.describe(self.stack_name(stack))

    def has(self, stack: Stack) -> bool:
        """Whether the stack is there, however it stands."""
        return self.state(stack).standing is not Standing.ABSENT

    def output(self, stack: Stack, name: str) -> str:
        """An output of a stack; ToolError when it has none of that name, or is not there."""
        outputs = self.state(stack).outputs
        if name not in outputs:
            raise ToolError(
                f"the stack {self.stack_name(stack)} has no output {name} in {self.aws.region}; "
                "run `webapp deploy` first, or check region, stage and target"
            )
        return outputs[name]

    def parameters(self, stack: Stack, image: str | None = None) -> dict[str, str]:
        """A stack's parameters by webapp.toml."""
        return stack_parameters(self.deployment, stack, self.templates[stack.name], image=image)

    def value(self, stack: Stack, name: str) -> str:
        """One of a stack's parameters, its template's default where webapp.toml has none."""
        return effective(self.templates[stack.name], self.parameters(stack), name)

    def endpoint(self) -> str:
        """The application's address; ToolError before the first deploy."""
        return self.output(endpoint_stack(self.deployment.target), "Endpoint")

    def running_image(self) -> str | None:
        """The image that the runtime's stack has, by its digest; None where there is no such stack."""
        return self.state(self.runtime).parameters.get("ImageUri")

    def image_uri(self, digest: str) -> str:
        """The image of a digest in the project's registry."""
        return f"{self.output(REGISTRY, 'RegistryUri')}@{digest}"


def stack_name(deployment: Deployment, stack: Stack) -> str:
    """PROJECT-STAGE-NAME, or PROJECT-NAME for what every stage shares."""
    project = deployment.configuration.project
    return f"{project}-{deployment.stage}-{stack.name}" if stack.of_stage else f"{project}-{stack.name}"


def open_context(
    directory: Path, *, stage: str | None, target: str | None, consent: Consent, progress: Progress
) -> Context:
    """The context that webapp.toml in `directory` and the options describe."""
    deployment = choose_deployment(load_configuration(directory), stage, target)
    source = find_templates(deployment.configuration.directory)
    templates = read_templates(deployment, source)
    return Context(deployment, source, templates, Aws(deployment.configuration.region), progress, consent)
