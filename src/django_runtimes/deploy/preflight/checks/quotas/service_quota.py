"""Reads a quota of the account from Service Quotas."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code

QUOTA_ACTIONS = ("servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota")


@dataclass(frozen=True)
class ServiceQuota:
    """A quota with Service Quotas' codes and its name there."""

    service: str
    code: str
    name: str


def quota_of(aws: Aws, quota: ServiceQuota) -> int:
    """Return the account's quota, or AWS's default if the account never had another one."""
    client = aws.brief_client("service-quotas")
    try:
        answer = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    except ClientError as error:
        if error_code(error) != "NoSuchResourceException":
            raise
        answer = client.get_aws_default_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    return int(answer["Quota"]["Value"])
