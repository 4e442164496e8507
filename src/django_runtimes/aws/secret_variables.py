"""Sets the variables whose values are secrets in AWS, where the platform does not: on Lambda."""

from collections.abc import Iterable, MutableMapping

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.application_variables import SECRETS
from django_runtimes.config.variables.secret_references import SecretReference, parse_secret_references
from django_runtimes.extras import require_module

# The references that this process has read; their values count until it ends.
_read_before: list[str] = []


def load_secret_variables(environ: MutableMapping[str, str]) -> None:
    """Read the secrets that WEBAPP_SECRETS names, once per process, and set their variables.

    Raise ConfigurationError, which shows no value, if a secret cannot be read or cannot be a variable.
    """
    text = environ.get(SECRETS.name)
    if not text or text in _read_before:
        return
    require_module("boto3", "s3", SECRETS.name)
    environment = Environment(environ)
    references = parse_secret_references(environment[SECRETS] or "")
    environ.update(_read(references, aws_region(environment)))
    _read_before.append(text)


def _read(references: dict[str, SecretReference], region: str | None) -> dict[str, str]:
    parameters = _read_parameters(references, region)
    secrets = _read_secrets(dict.fromkeys(each.arn for each in references.values() if each.arn))
    values = {}
    for name, reference in references.items():
        value = parameters[reference.parameter] if reference.parameter else _value(name, reference, secrets)
        if "\0" in value:
            raise ConfigurationError(f"{name} cannot be set: {reference} has a NUL character; store a text without one")
        values[name] = value
    return values


def _read_parameters(references: dict[str, SecretReference], region: str | None) -> dict[str, str]:
    names = list(dict.fromkeys(each.parameter for each in references.values() if each.parameter))
    if not names:
        return {}
    from django_runtimes.aws.parameter_store import ParameterStore
    from django_runtimes.aws.secrets_manager import SecretError

    if region is None:
        raise ConfigurationError(f"{SECRETS.name} names {names[0]!r}, but AWS_REGION is not set; set it to its region")
    try:
        return ParameterStore(region).read(names)
    except SecretError as error:
        failure = str(error)
    raise ConfigurationError(f"the secrets {', '.join(names)} cannot be read: {failure}")


def _read_secrets(arns: Iterable[str]) -> dict[str, str]:
    from django_runtimes.aws.secrets_manager import SecretError, SecretsManager

    by_region: dict[str, list[str]] = {}
    for arn in arns:
        by_region.setdefault(arn.split(":")[3], []).append(arn)
    texts: dict[str, str] = {}
    for region, some in by_region.items():
        for arn, text in SecretsManager(region).read_all(some).items():
            if isinstance(text, SecretError):
                raise ConfigurationError(f"the secret {arn} cannot be read: {text}")
            if text is None:
                raise ConfigurationError(f"the secret {arn} is binary, which no variable can hold; store a text")
            texts[arn] = text
    return texts


def _value(name: str, reference: SecretReference, secrets: dict[str, str]) -> str:
    text = secrets[reference.arn]
    if not reference.json_key:
        return text
    # Only secrets with several values need this import.
    import json

    try:
        content = json.loads(text)
    except ValueError:
        content = None
    value = content.get(reference.json_key) if isinstance(content, dict) else None
    if value is None:
        # The error is raised outside the except block, since its error holds the secret.
        raise ConfigurationError(
            f"{name} cannot be set: the secret {reference.arn} is not a JSON object with the key "
            f"{reference.json_key!r}; store one, or remove the key from the reference"
        )
    return value if isinstance(value, str) else json.dumps(value)
