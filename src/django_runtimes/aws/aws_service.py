"""The services of AWS that the library calls, and their endpoints."""

from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from django_runtimes.config.aws_profile import configured_endpoint
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.aws_variables import (
    AWS_ENDPOINT_URL_DYNAMODB,
    AWS_ENDPOINT_URL_SESV2,
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
    """A service: its name in signatures, its section in AWS's files, its endpoint's variable, and its name in hosts."""

    name: str
    section: str
    endpoint_variable: Variable[str | None]
    host: str


DYNAMODB = AwsService("dynamodb", "dynamodb", AWS_ENDPOINT_URL_DYNAMODB, "dynamodb")
SES = AwsService("ses", "sesv2", AWS_ENDPOINT_URL_SESV2, "email")
STS = AwsService("sts", "sts", AWS_ENDPOINT_URL_STS, "sts")


def endpoint_of(service: AwsService, region: str, environment: Environment) -> SplitResult:
    """Return the endpoint that the variables or AWS's files name, or else the service's own in the region."""
    configured = configured_endpoint(environment, service.endpoint_variable, service.section)
    domain = next((domain for beginning, domain in _DOMAINS if region.startswith(beginning)), _DOMAIN)
    return urlsplit(configured or f"https://{service.host}.{region}.{domain}")
