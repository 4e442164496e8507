"""The services of AWS that the library calls, and their endpoints."""

from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from django_runtimes.config.aws_profile import configured_endpoint
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.aws_variables import (
    AWS_ENDPOINT_URL_DYNAMODB,
    AWS_ENDPOINT_URL_RDS_DATA,
    AWS_ENDPOINT_URL_SECRETS_MANAGER,
    AWS_ENDPOINT_URL_SESV2,
    AWS_ENDPOINT_URL_SSM,
    AWS_ENDPOINT_URL_STS,
)
from django_runtimes.config.variables.variable import Variable

# The domains of AWS's partitions, by the beginning of their regions' names.
_DOMAINS = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
)
_DOMAIN = "amazonaws.com"


class AwsService(NamedTuple):
    """A service: its name in signatures, its section in AWS's files, its endpoint's variable, and its name in hosts.

    `refuses_with_503` says whether a request that is answered with 503 was certainly not carried out.
    """

    name: str
    section: str
    endpoint_variable: Variable[str | None]
    host: str
    refuses_with_503: bool = True


DYNAMODB = AwsService("dynamodb", "dynamodb", AWS_ENDPOINT_URL_DYNAMODB, "dynamodb")
PARAMETER_STORE = AwsService("ssm", "ssm", AWS_ENDPOINT_URL_SSM, "ssm")
RDS_DATA = AwsService("rds-data", "rds_data", AWS_ENDPOINT_URL_RDS_DATA, "rds-data", refuses_with_503=False)
SECRETS_MANAGER = AwsService("secretsmanager", "secrets_manager", AWS_ENDPOINT_URL_SECRETS_MANAGER, "secretsmanager")
SES = AwsService("ses", "sesv2", AWS_ENDPOINT_URL_SESV2, "email")
STS = AwsService("sts", "sts", AWS_ENDPOINT_URL_STS, "sts")


def endpoint_of(service: AwsService, region: str, environment: Environment) -> SplitResult:
    """Return the endpoint that the variables or AWS's files name, or else the service's own in the region.

    ConfigurationError for an address without a scheme or a host.
    """
    configured = configured_endpoint(environment, service.endpoint_variable, service.section)
    if configured:
        return _server(configured, service.endpoint_variable.name)
    domain = next((domain for beginning, domain in _DOMAINS if region.startswith(beginning)), _DOMAIN)
    return urlsplit(f"https://{service.host}.{region}.{domain}")


def _server(url: str, variable: str) -> SplitResult:
    try:
        server = urlsplit(url)
        # The port is parsed when it is read.
        is_address = server.scheme in ("http", "https") and bool(server.hostname) and server.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise ConfigurationError(
            f"{variable}, AWS_ENDPOINT_URL or endpoint_url of AWS's files is {url!r}, which is not the address of a "
            "server; write it as http://127.0.0.1:4566 or https://host, or unset it"
        )
    return server
