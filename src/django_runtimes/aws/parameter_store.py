"""Reads parameters from AWS Systems Manager's Parameter Store."""

from collections.abc import Sequence
from contextlib import closing

from django_runtimes.aws.aws_service import PARAMETER_STORE
from django_runtimes.aws.secrets_manager import SecretError
from django_runtimes.aws.service_client import AwsAnswerError, ServiceClient
from django_runtimes.config.configuration_error import ConfigurationError

# GetParameters accepts at most ten names.
_PER_CALL = 10


class ParameterStore:
    """Reads parameters of one region, decrypted."""

    def __init__(self, region: str) -> None:
        self._region = region

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values by name; raise SecretError if any of them cannot be read."""
        values: dict[str, str] = {}
        try:
            with closing(ServiceClient(PARAMETER_STORE, self._region)) as client:
                for start in range(0, len(names), _PER_CALL):
                    some = {"Names": list(names[start : start + _PER_CALL]), "WithDecryption": True}
                    answer = client.call("AmazonSSM.GetParameters", some, version="1.1", repeatable=True)
                    values |= {each["Name"]: each["Value"] for each in answer["Parameters"]}
        except AwsAnswerError as error:
            failure = f"{error.code}; check the permission ssm:GetParameters"
        except (ConfigurationError, OSError) as error:
            failure = str(error)
        except (KeyError, TypeError):
            failure = "the answer is not Parameter Store's; check AWS_ENDPOINT_URL_SSM"
        else:
            if missing := [name for name in names if name not in values]:
                raise SecretError(f"Parameter Store has no parameter {missing[0]!r} in {self._region}; create it")
            return values
        # The error is raised outside the except blocks, since the traceback of the caught error may hold a value.
        raise SecretError(failure)
