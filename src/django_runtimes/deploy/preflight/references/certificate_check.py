"""Whether the load balancer's certificate has been issued for its domain."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import LOAD_BALANCER
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good
from django_runtimes.deploy.preflight.references.arn_check import arn_fault

_PARAMETER = "CertificateArn"
_ABSENT = {"InvalidArnException", "ResourceNotFoundException", "ValidationException"}
_ISSUED, _PENDING = "ISSUED", "PENDING_VALIDATION"


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    if LOAD_BALANCER not in stage.wanted:
        return
    arn, domain = stage.value(LOAD_BALANCER, _PARAMETER), stage.value(LOAD_BALANCER, "Domain")
    if not arn or arn_fault(context, _PARAMETER, arn):
        # The check of the ARNs reports the reason.
        return
    request = f"request one with `aws acm request-certificate --domain-name {domain} --validation-method DNS`"
    try:
        found = context.aws.brief_client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if error_code(error) not in _ABSENT:
            raise
        yield bad(f"{_PARAMETER} = '{arn}' does not exist", f"correct it in {FILE_NAME}, or {request}")
        return
    # A running load balancer keeps its certificate, whatever has become of it.
    fault = bad if stage.changes(LOAD_BALANCER, _PARAMETER, "Domain") else doubtful
    if found["Status"] == _PENDING:
        yield fault(
            f"the certificate {arn} has not been issued: {_PENDING}",
            f"create the DNS record that `aws acm describe-certificate --certificate-arn {arn}` shows, and wait",
        )
    elif found["Status"] != _ISSUED:
        yield fault(f"the certificate {arn} cannot be used: {found['Status']}", request)
    elif not covers(found, domain):
        yield fault(
            f"the certificate {arn} does not cover Domain = '{domain}', only {', '.join(sorted(_names(found)))}",
            f"correct one of the two in {FILE_NAME}, or {request}",
        )
    else:
        yield good(f"the certificate has been issued for {domain}")


def covers(certificate: Mapping[str, Any], domain: str) -> bool:
    """Return whether one of the certificate's names is the domain; an asterisk stands for exactly one label."""
    return bool({domain, f"*.{domain.partition('.')[2]}"} & _names(certificate))


def _names(certificate: Mapping[str, Any]) -> set[str]:
    return {name.lower() for name in (certificate["DomainName"], *certificate.get("SubjectAlternativeNames", ()))}


CERTIFICATE = PreflightCheck("the certificate", ("acm:DescribeCertificate",), _ask)
