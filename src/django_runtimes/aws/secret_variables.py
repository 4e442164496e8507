"""Sets the variables whose values are secrets in AWS, where the platform does not: on Lambda."""

import json
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import closing

from django_runtimes.aws.parameter_store import ParameterStore
from django_runtimes.aws.secrets_manager import SecretError, SecretsManager
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.application_variables import SECRET_KEY, SECRET_KEY_ARN, SECRETS
from django_runtimes.config.variables.secret_references import (
    SecretReference,
    parse_secret_reference,
    parse_secret_references,
)

# The references that this process has read at its start.
_read_before: list[str] = []


def load_secret_variables(environ: MutableMapping[str, str]) -> None:
    """Read the secrets that variables name, and set their variables; do nothing if this process has done so.

    Raise ConfigurationError, which shows no value, if a secret cannot be read or cannot be a variable.
    """
    environment = Environment(environ)
    references = stored_references(environment)
    text = str(references)
    if not references or text in _read_before:
        return
    environ.update(read_secret_variables(references, aws_region(environment)))
    _read_before.append(text)


def stored_references(environment: Environment) -> dict[str, SecretReference]:
    """Return the references of WEBAPP_SECRETS and WEBAPP_SECRET_KEY_ARN by the names of their variables."""
    references = parse_secret_references(environment[SECRETS] or "{}")
    if arn := environment[SECRET_KEY_ARN]:
        references.setdefault(SECRET_KEY.name, parse_secret_reference(arn))
    return references


def read_secret_variables(references: Mapping[str, SecretReference], region: str | None) -> dict[str, str]:
    """Return the current values by the names of their variables; `region` has the parameters.

    Raise ConfigurationError, which shows no value.
    """
    parameters = _read_parameters(references, region)
    secrets = _read_secrets(dict.fromkeys(each.arn for each in references.values() if each.arn))
    values = {}
    for name, reference in references.items():
        value = parameters[reference.parameter] if reference.parameter else _value(name, reference, secrets)
        if "\0" in value:
            raise ConfigurationError(f"{name} cannot be set: {reference} has a NUL character; store a text without one")
        values[name] = value
    return values


def _read_parameters(references: Mapping[str, SecretReference], region: str | None) -> dict[str, str]:
    names = list(dict.fromkeys(each.parameter for each in references.values() if each.parameter))
    if not names:
        return {}
    if region is None:
        raise ConfigurationError(f"{SECRETS.name} names {names[0]!r}, but AWS_REGION is not set; set it to its region")
    try:
        return ParameterStore(region).read(names)
    except SecretError as error:
        failure = str(error)
    raise ConfigurationError(f"the secrets {', '.join(names)} cannot be read: {failure}")


def _read_secrets(arns: Iterable[str]) -> dict[str, str]:
    by_region: dict[str, list[str]] = {}
    for arn in arns:
        by_region.setdefault(arn.split(":")[3], []).append(arn)
    texts: dict[str, str] = {}
    for region, some in by_region.items():
        # The next read is minutes away, so no connection is kept for it.
        with closing(SecretsManager(region)) as store:
            found = store.read_all(some)
        for arn, text in found.items():
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
