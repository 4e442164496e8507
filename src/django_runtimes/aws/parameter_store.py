"""Reads parameters from AWS Systems Manager's Parameter Store."""

import logging
from collections.abc import Sequence

from django_runtimes.aws.secrets_manager import CLIENT_CONFIG, SecretError

# GetParameters accepts at most ten names.
_PER_CALL = 10


class ParameterStore:
    """Reads parameters of one region, decrypted."""

    def __init__(self, region: str) -> None:
        self._region = region

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values by name; raise SecretError if any of them cannot be read."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        # botocore logs whole responses at DEBUG.
        logging.getLogger("botocore").setLevel(logging.INFO)
        values: dict[str, str] = {}
        try:
            client = boto3.session.Session().client("ssm", region_name=self._region, config=CLIENT_CONFIG)
            for start in range(0, len(names), _PER_CALL):
                some = list(names[start : start + _PER_CALL])
                answer = client.get_parameters(Names=some, WithDecryption=True)
                values |= {each["Name"]: each["Value"] for each in answer["Parameters"]}
        except ClientError as error:
            failure = f"{error.response['Error']['Code']}; check the permission ssm:GetParameters"
        except (BotoCoreError, OSError) as error:
            failure = " ".join(str(error).split())
        else:
            if missing := [name for name in names if name not in values]:
                raise SecretError(f"Parameter Store has no parameter {missing[0]!r} in {self._region}; create it")
            return values
        # The error is raised outside the except blocks, since the traceback of the caught error may hold a value.
        raise SecretError(failure)
