"""Whether Amazon SES accepts mail of the identity, and the application can reach it."""

from collections.abc import Iterator
from email.utils import parseaddr

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import ENDPOINTS, NETWORK, DeployTarget
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful, good

_IDENTITY, _SENDER = "MailIdentity", "MailFrom"
_ECS = {DeployTarget.AWS_ECS, DeployTarget.AWS_ECS_EXPRESS}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    identity = stage.value(stage.context.runtime, _IDENTITY)
    if not identity:
        return
    found = [*_of_identity(stage, identity), *_of_account(stage), *_of_sender(stage, identity), *_of_route(stage)]
    yield from found or [good(f"SES sends mail of {identity}")]


def _of_identity(stage: PlannedStage, identity: str) -> Iterator[PreflightAnswer]:
    region = stage.context.aws.region
    try:
        answer = stage.context.aws.brief_client("sesv2").get_email_identity(EmailIdentity=identity)
    except ClientError as error:
        if error_code(error) != "NotFoundException":
            raise
        yield doubtful(
            f"SES has no identity '{identity}' in {region}, so it sends no mail",
            f"run `aws sesv2 create-email-identity --email-identity {identity} --region {region}`, and verify it",
        )
        return
    if not answer.get("VerifiedForSendingStatus"):
        status = answer.get("VerificationStatus", "unknown")
        yield doubtful(
            f"SES has not verified '{identity}' ({status}), so it sends no mail",
            "add the DNS records that SES names, or confirm the address by the link in its mail",
        )


def _of_account(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    region = stage.context.aws.region
    account = stage.context.aws.brief_client("sesv2").get_account()
    if not account.get("SendingEnabled", True):
        yield doubtful(f"SES sends no mail of the account in {region}", "resume sending in SES")
    if not account.get("ProductionAccessEnabled"):
        yield doubtful(
            f"SES is in its sandbox in {region}, so it sends only to verified addresses",
            "request production access in SES",
        )


def _of_sender(stage: PlannedStage, identity: str) -> Iterator[PreflightAnswer]:
    sender = parseaddr(stage.value(stage.context.runtime, _SENDER))[1].lower()
    name = identity.lower()
    # A domain that is verified may send for those below it.
    if sender and sender != name and not sender.endswith((f"@{name}", f".{name}")):
        yield doubtful(
            f"{_SENDER} = '{sender}' is not of {_IDENTITY} = '{identity}', and the roles may send for this one only",
            f"correct one of them in {FILE_NAME}",
        )


def _of_route(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if stage.context.has_data_api:
        # The functions run outside the network, and reach every address.
        return
    egress = stage.context.value(NETWORK, "Egress")
    if egress == "nat" or (egress == "endpoints" and stage.context.value(ENDPOINTS, "MailEndpoint") == "api"):
        return
    # With Egress=none, tasks have public addresses, and the operations function has none.
    on_ecs = stage.context.deployment.target in _ECS and egress == "none"
    who = "the operations function, which runs management commands," if on_ecs else "the application"
    yield doubtful(
        f"{who} cannot reach SES with Egress = '{egress}'",
        f"set Egress to 'nat', or to 'endpoints' with MailEndpoint = 'api', in {FILE_NAME}",
    )


MAIL = PreflightCheck("mail through SES", ("ses:GetAccount", "ses:GetEmailIdentity"), _ask)
