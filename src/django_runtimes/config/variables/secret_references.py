"""Parses references to secrets: an ARN of Secrets Manager, or a name in Parameter Store."""

import re
from typing import NamedTuple

from django_runtimes.config.variables.variable import RuleError

# AWS adds the last six characters to the secret's name. A name contains no colon, so a key can follow one, as in ECS.
_SECRET = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6})"
    r"(:(?P<key>[^:\x00-\x1f]+)(::)?)?"
)
_PARAMETER = re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
# Parameter Store reserves names that begin with these words.
_RESERVED = ("aws", "ssm")

_REMEDY = (
    "write a complete ARN as arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-a1B2c3, with :KEY:: after it for one "
    "key of its JSON, or a name in Parameter Store such as /guestbook/dev/API_KEY"
)


class SecretReference(NamedTuple):
    """A secret of Secrets Manager (`arn`), of whose JSON only `json_key` counts if it is set; or a `parameter`."""

    arn: str = ""
    json_key: str = ""
    parameter: str = ""

    @property
    def region(self) -> str:
        """The region that the ARN names; empty for a parameter."""
        return self.arn.split(":")[3] if self.arn else ""

    @property
    def account(self) -> str:
        """The account that the ARN names; empty for a parameter."""
        return self.arn.split(":")[4] if self.arn else ""

    def __str__(self) -> str:
        """The reference as parse_secret_reference() accepts it, with a key in ECS's form."""
        if self.parameter:
            return self.parameter
        return f"{self.arn}:{self.json_key}::" if self.json_key else self.arn


def parse_secret_reference(text: str) -> SecretReference:
    """Return the reference; raise RuleError if the text is neither an ARN of a secret nor a parameter's name."""
    if text.startswith("arn:"):
        if found := _SECRET.fullmatch(text):
            return SecretReference(arn=found["arn"], json_key=found["key"] or "")
        if ":ssm:" in text:
            raise RuleError("is the ARN of a parameter", "write the parameter's name alone, without the ARN before it")
        raise RuleError("is not a complete ARN of a secret in Secrets Manager", _REMEDY)
    if not _PARAMETER.fullmatch(text) or text.strip("/").lower().startswith(_RESERVED):
        raise RuleError("is neither a secret's ARN nor a parameter's name", _REMEDY)
    return SecretReference(parameter=text)


def parse_secret_references(text: str) -> dict[str, SecretReference]:
    """Return the references of WEBAPP_SECRETS by the names of their variables; raise RuleError for any mistake."""
    # Only processes with secrets need this import.
    import json

    remedy = 'set it to a JSON object such as {"API_KEY": "/guestbook/dev/API_KEY"}'
    try:
        content = json.loads(text)
    except ValueError:
        raise RuleError("is not JSON", remedy) from None
    if not isinstance(content, dict) or not all(isinstance(each, str) for each in content.values()):
        raise RuleError("is not a JSON object of strings", remedy)
    return {name: parse_secret_reference(reference) for name, reference in content.items()}
