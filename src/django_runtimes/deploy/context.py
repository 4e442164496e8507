"""The context of a verb: one target of one stage, its templates and AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.aws.history import History
from django_runtimes.deploy.aws.images import Images
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.aws.stacks import Stacks, StackState
from django_runtimes.deploy.aws.stored_secrets import StoredSecrets
from django_runtimes.deploy.catalogue import (
    DATABASE,
    NETWORK,
    OPERATIONS_TASK,
    PROCESS_STACKS,
    REGISTRY,
    ROTATION,
    SCHEDULES,
    SECRETS,
    STORAGE,
    Stack,
    endpoint_stack,
    foundation,
    runtime_stack,
)
from django_runtimes.deploy.configuration import (
    FILE_NAME,
    Configuration,
    Deployment,
    choose_deployment,
    load_configuration,
)
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.own_settings import OwnSettings
from django_runtimes.deploy.templates.database_route import DATA_API_PARAMETER
from django_runtimes.deploy.templates.database_system import DatabaseSystem
from django_runtimes.deploy.templates.parameters import (
    database_system,
    effective,
    read_templates,
    stack_parameters,
)
from django_runtimes.deploy.templates.process_template import with_own_settings
from django_runtimes.deploy.templates.template_source import TemplateSource, find_templates
from django_runtimes.deploy.templates.templates import Template

X86_64 = "x86_64"


@dataclass(frozen=True)
class Context:
    """The context of one run of a verb."""

    deployment: Deployment
    template_source: TemplateSource
    templates: Mapping[str, Template]
    aws: Aws
    progress: Progress
    consent: Consent

    @property
    def configuration(self) -> Configuration:
        """The content of webapp.toml."""
        return self.deployment.configuration

    @property
    def place(self) -> str:
        """The name of the deployment in messages."""
        return f"{self.configuration.project}, {self.deployment.stage}, {self.deployment.target}"

    @property
    def runtime(self) -> Stack:
        """The stack that receives the traffic."""
        return runtime_stack(self.deployment.target)

    @property
    def foundation(self) -> tuple[Stack, ...]:
        """The stacks that need no image, in order."""
        return foundation(
            self.deployment.target,
            egress=self.value(NETWORK, "Egress"),
            static_files=self.static_files,
            # The Data API opens connections itself.
            has_proxy=self.database_system.has_proxy and not self.has_data_api,
        )

    @property
    def has_data_api(self) -> bool:
        """Whether the functions call Aurora's Data API from outside the network; never with an older copy."""
        # The parameters of a stack with processes contain the stage's own secrets, which AWS may lack.
        declared = self.templates[SECRETS.name].parameters
        return DATA_API_PARAMETER in declared and self.value(SECRETS, DATA_API_PARAMETER) == "yes"

    @property
    def database_system(self) -> DatabaseSystem:
        """The database system of the stage."""
        return database_system(self.deployment)

    @property
    def static_files(self) -> str:
        """The parameter StaticFiles; "image" for an older copy of the templates, which does not have it."""
        name = "StaticFiles"
        return self.value(STORAGE, name) if name in self.templates[STORAGE.name].parameters else "image"

    @property
    def has_passwords(self) -> bool:
        """Whether the logins have passwords in Secrets Manager, and not tokens."""
        return self.value(DATABASE, "Credentials") == "secretsmanager"

    @property
    def rotation(self) -> tuple[Stack, ...]:
        """The stacks that rotate the logins' passwords once the roles exist.

        There are none without passwords, and none with the Data API: AWS's rotation functions run in the network and
        would need a way out of it. They connect to Oracle without TLS, so it has none either. All but SQL Server's
        read the administrator's secret, which lacks the host if RDS manages it.
        """
        system = self.database_system
        if self.has_data_api or not system.has_rotation:
            return ()
        can_rotate = system.rotates_alone or self.deployment.existing.has_secret_for_rotation
        return (ROTATION,) if self.has_passwords and can_rotate else ()

    @property
    def tasks(self) -> tuple[Stack, ...]:
        """The stack of the operations task if a schedule needs it; otherwise the first `manage --task` creates it."""
        return (OPERATIONS_TASK,) if any(each.task for each in self.deployment.settings.schedules) else ()

    @property
    def schedules(self) -> tuple[Stack, ...]:
        """The stack of the schedules, unless none is enabled and none was."""
        return (SCHEDULES,) if self.has_enabled_schedule or self.has(SCHEDULES) else ()

    @property
    def has_enabled_schedule(self) -> bool:
        """Whether a command runs at set times."""
        return any(each.enabled for each in self.deployment.settings.schedules)

    @cached_property
    def stacks(self) -> Stacks:
        """The stacks in CloudFormation."""
        return Stacks(self.aws, self.progress)

    @cached_property
    def images(self) -> Images:
        """The images in the project's repository."""
        return Images(self.aws, self.configuration.project)

    @cached_property
    def history(self) -> History:
        """The history of the target's releases."""
        return History(self.aws, self.configuration.project, self.deployment.stage, self.deployment.target)

    @property
    def architecture(self) -> str:
        """The processor architecture of the image, by Lambda's name; X86_64 if the template offers no choice."""
        if "Architecture" not in self.templates[self.runtime.name].parameters:
            return X86_64
        return self.value(self.runtime, "Architecture").lower()

    def refuse_other_account(self) -> None:
        """Raise UsageError if the credentials are for another account than webapp.toml names for the stage.

        A stage without an account accepts any, and AWS is not asked.
        """
        wanted = self.deployment.settings.account
        if wanted is None or self.aws.account == wanted:
            return
        raise UsageError(
            f"[stages.{self.deployment.stage}] belongs to account {wanted}, but {self.aws.credentials} are for account "
            f"{self.aws.account}; set AWS_PROFILE to a profile of {wanted}, or correct the account in {FILE_NAME}"
        )

    def stack_name(self, stack: Stack) -> str:
        """Return a stack's name in CloudFormation."""
        return stack_name(self.deployment, stack)

    def state(self, stack: Stack) -> StackState:
        """Return the current state of a stack."""
        return self.stacks.describe(self.stack_name(stack))

    def has(self, stack: Stack) -> bool:
        """Return whether the stack exists, in any status."""
        return self.state(stack).readiness is not Readiness.ABSENT

    def output(self, stack: Stack, name: str) -> str:
        """Return an output of a stack; raise ToolError if the stack or the output does not exist."""
        outputs = self.state(stack).outputs
        if name not in outputs:
            raise ToolError(
                f"the stack {self.stack_name(stack)} has no output {name} in {self.aws.region}; "
                "run `webapp deploy` first, or check region, stage and target"
            )
        return outputs[name]

    @property
    def own_settings(self) -> OwnSettings:
        """The stage's own variables and secrets."""
        return self.deployment.settings.own

    @cached_property
    def secrets_version(self) -> str:
        """A text that changes with the values of the stage's secrets; ToolError for one that no process could read."""
        return StoredSecrets(self.aws).require(self.own_settings.secrets, stage=self.deployment.stage)

    def template(self, stack: Stack) -> Template:
        """Return a stack's template with the stage's own variables and secrets in the image's processes."""
        template = self.templates[stack.name]
        if not self.own_settings.names or stack.name not in PROCESS_STACKS:
            return template
        return with_own_settings(template, stack.name, self.own_settings, secrets_version=self.secrets_version)

    def parameters(self, stack: Stack, image: str | None = None) -> dict[str, str]:
        """Return a stack's parameters according to webapp.toml."""
        return stack_parameters(self.deployment, stack, self.template(stack), image=image)

    def value(self, stack: Stack, name: str) -> str:
        """Return the value of a stack's parameter: webapp.toml's, or else the template's default."""
        return effective(self.templates[stack.name], self.parameters(stack), name)

    def endpoint(self) -> str:
        """Return the application's address; raise ToolError before the first deploy."""
        return with_scheme(self.output(endpoint_stack(self.deployment.target), "Endpoint"))

    def running_image(self) -> str | None:
        """Return the image of the runtime's stack, by digest, or None if the stack does not exist."""
        return self.state(self.runtime).parameters.get("ImageUri")

    def image_uri(self, digest: str) -> str:
        """Return the URI of the image with this digest in the project's registry."""
        return f"{self.output(REGISTRY, 'RegistryUri')}@{digest}"


def stack_name(deployment: Deployment, stack: Stack) -> str:
    """Return PROJECT-STAGE-NAME, or PROJECT-NAME for a stack that all stages share."""
    project = deployment.configuration.project
    return f"{project}-{deployment.stage}-{stack.name}" if stack.of_stage else f"{project}-{stack.name}"


def open_context(
    directory: Path, *, stage: str | None, target: str | None, consent: Consent, progress: Progress
) -> Context:
    """Return the context for webapp.toml in `directory` and the options."""
    deployment = choose_deployment(load_configuration(directory), stage, target)
    source = find_templates(deployment.configuration.directory)
    templates = read_templates(deployment, source)
    return Context(deployment, source, templates, Aws(deployment.configuration.region), progress, consent)


def with_scheme(endpoint: str) -> str:
    """Return an endpoint as an address; AWS's pages disagree on whether Express Mode's starts with https://."""
    return endpoint if "://" in endpoint else f"https://{endpoint}"
