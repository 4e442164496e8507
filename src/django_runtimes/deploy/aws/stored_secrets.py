"""Looks up, creates and updates the secrets of a stage, without ever reading their values."""

import hashlib
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.config.variables.secret_references import SecretReference
from django_runtimes.deploy.aws.aws_api import Aws, error_code, error_message

_CURRENT = "AWSCURRENT"
# Principals of the account may use this key through Secrets Manager; the templates' roles may use no other.
DEFAULT_KEY = "alias/aws/secretsmanager"
_DEFAULT_PARAMETER_KEY = "alias/aws/ssm"
_VERSION_LENGTH = 16


class StoredSecrets:
    """The secrets and parameters of one region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def require(self, references: Mapping[str, SecretReference], *, stage: str) -> str:
        """Return a text that changes with the secrets' values; raise ToolError for one that no process could read.

        `references` are a stage's secrets by the names of their variables.
        """
        versions = [
            f"{name}={reference} {self._version(name, reference, stage)}" for name, reference in references.items()
        ]
        return hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest()[:_VERSION_LENGTH]

    def put(self, name: str, value: str, *, description: str, tags: Mapping[str, str]) -> tuple[str, bool]:
        """Create a secret, or store a new version of it; return its ARN, and whether it is new."""
        client = self._aws.client("secretsmanager")
        try:
            made = client.create_secret(
                Name=name,
                Description=description,
                SecretString=value,
                Tags=[{"Key": key, "Value": text} for key, text in tags.items()],
            )
        except ClientError as error:
            if error_code(error) != "ResourceExistsException":
                self._explain_deletion(error, name)
                raise
        else:
            return str(made["ARN"]), True
        return self.update(name, value), False

    def update(self, name_or_arn: str, value: str) -> str:
        """Store a new version of an existing secret, and return its ARN."""
        client = self._aws.client("secretsmanager")
        try:
            if "DeletedDate" in client.describe_secret(SecretId=name_or_arn):
                raise ToolError(f"the secret {name_or_arn} is being deleted; {_restore(name_or_arn)}")
            answer = client.put_secret_value(SecretId=name_or_arn, SecretString=value)
        except ClientError as error:
            self._explain_deletion(error, name_or_arn)
            if error_code(error) == "ResourceNotFoundException":
                raise ToolError(
                    f"there is no secret {name_or_arn} in {self._aws.region}; remove it from webapp.toml, and run this "
                    "again to create one"
                ) from None
            raise
        return str(answer["ARN"])

    def _version(self, name: str, reference: SecretReference, stage: str) -> str:
        if reference.parameter:
            return self._version_of_parameter(name, reference.parameter, stage)
        return self._version_of_secret(name, reference, stage)

    def _version_of_secret(self, name: str, reference: SecretReference, stage: str) -> str:
        place = f"[stages.{stage}.secrets] {name}"
        if reference.account != self._aws.account:
            raise UsageError(
                f"{place} is a secret of the account {reference.account}, but the stage is in {self._aws.account}; "
                f"`webapp secrets set {name} --stage {stage}` stores one there"
            )
        try:
            found = self._aws.client("secretsmanager").describe_secret(SecretId=reference.arn)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise ToolError(
                f"{place}: there is no secret {reference.arn}; remove the line, and run `webapp secrets set {name} "
                f"--stage {stage}`"
            ) from None
        fault = secret_fault(reference.arn, found, setting=f"`webapp secrets set {name}`")
        if fault is not None:
            raise ToolError(f"{place}: the secret {reference.arn} {fault[0]}; {fault[1]}")
        return _current_versions(found)[0]

    def _version_of_parameter(self, name: str, parameter: str, stage: str) -> str:
        filters = [{"Key": "Name", "Option": "Equals", "Values": [parameter]}]
        pages = self._aws.client("ssm").get_paginator("describe_parameters").paginate(ParameterFilters=filters)
        found = next((each for page in pages for each in page["Parameters"]), None)
        if found is None:
            # The name is not shown: it may be the secret itself, by mistake.
            raise ToolError(
                f"[stages.{stage}.secrets] {name}: Parameter Store has no parameter of this name in "
                f"{self._aws.region}; correct the name, or run `webapp secrets set {name} --stage {stage}` without it"
            )
        # Only a SecureString has a key.
        if found.get("KeyId", _DEFAULT_PARAMETER_KEY) != _DEFAULT_PARAMETER_KEY:
            raise ToolError(
                f"[stages.{stage}.secrets] {name}: the parameter {parameter} is encrypted with a key of your own, "
                "which the templates' roles may not use; store it with alias/aws/ssm, or eject the templates and "
                "grant kms:Decrypt"
            )
        return str(found["Version"])

    def _explain_deletion(self, error: ClientError, name: str) -> None:
        if error_code(error) == "InvalidRequestException" and "delet" in error_message(error):
            raise ToolError(f"the secret {name} is being deleted; {_restore(name)}") from None


def secret_fault(arn: str, found: Mapping[str, Any], *, setting: str) -> tuple[str, str] | None:
    """Return why no process of a stage could read a secret that Secrets Manager describes so, and the remedy.

    `setting` is the command that stores a value.
    """
    if "DeletedDate" in found:
        return "is being deleted", _restore(arn)
    if found.get("KmsKeyId", DEFAULT_KEY) != DEFAULT_KEY:
        return (
            "is encrypted with a key of your own, which the templates' roles may not use",
            "encrypt it with aws/secretsmanager, or eject the templates and grant kms:Decrypt",
        )
    if not _current_versions(found):
        return "has no value", f"{setting} stores one"
    return None


def _current_versions(found: Mapping[str, Any]) -> list[str]:
    return [version for version, stages in found.get("VersionIdsToStages", {}).items() if _CURRENT in stages]


def _restore(name: str) -> str:
    return f"`aws secretsmanager restore-secret --secret-id {name}` keeps it"
