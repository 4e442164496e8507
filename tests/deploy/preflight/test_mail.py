"""Mail through SES needs a verified identity, an account out of the sandbox, and a way to SES."""

import pytest

from django_runtimes.deploy.preflight.references.mail_check import MAIL
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

WAY = "set Egress to 'nat', or to 'endpoints' with MailEndpoint = 'api', in webapp.toml"


def test_a_stage_without_mail_is_not_asked_about(ask):
    assert ask(MAIL) == []


def test_a_verified_identity_passes(aws: StandIn, ask):
    aws.account(mail_identities={"example.com": "SUCCESS"})
    mail = {"MailIdentity": "example.com", "MailFrom": "The shop <shop@Mail.example.com>"}
    passed = [("good", "SES sends mail of example.com", "")]

    assert ask(MAIL, Egress="nat", **mail) == passed
    assert ask(MAIL, Egress="endpoints", MailEndpoint="api", **mail) == passed


def test_an_unknown_identity_is_a_warning(ask):
    assert ask(MAIL, Egress="nat", MailIdentity="example.com") == [
        (
            "doubtful",
            "SES has no identity 'example.com' in us-east-1, so it sends no mail",
            "run `aws sesv2 create-email-identity --email-identity example.com --region us-east-1`, and verify it",
        )
    ]


def test_an_unverified_identity_and_the_sandbox_are_warnings(aws: StandIn, ask):
    aws.account(
        mail_identities={"shop@example.com": "PENDING"},
        mail_account={"ProductionAccessEnabled": False, "SendingEnabled": False},
    )

    assert [text for _, text, _ in ask(MAIL, Egress="nat", MailIdentity="shop@example.com")] == [
        "SES has not verified 'shop@example.com' (PENDING), so it sends no mail",
        "SES sends no mail of the account in us-east-1",
        "SES is in its sandbox in us-east-1, so it sends only to verified addresses",
    ]


@pytest.mark.parametrize("sender", ["shop@example.org", "shop@notexample.com"])
def test_a_sender_of_another_domain_is_a_warning(sender: str, aws: StandIn, ask):
    aws.account(mail_identities={"example.com": "SUCCESS"})

    assert ask(MAIL, Egress="nat", MailIdentity="example.com", MailFrom=f"Shop <{sender}>") == [
        (
            "doubtful",
            f"MailFrom = '{sender}' is not of MailIdentity = 'example.com', and the roles may send for this one only",
            "correct one of them in webapp.toml",
        )
    ]


@pytest.mark.parametrize(
    ("target", "egress", "who"),
    [
        ("aws_lambda", "none", "the application"),
        ("aws_lambda", "endpoints", "the application"),
        ("aws_ecs", "none", "the operations function, which runs management commands,"),
        ("aws_ecs", "endpoints", "the application"),
    ],
)
def test_a_network_without_a_way_to_ses_is_a_warning(target: str, egress: str, who: str, aws: StandIn, ask):
    aws.account(mail_identities={"example.com": "SUCCESS"})

    assert ask(MAIL, target=target, Egress=egress, MailIdentity="example.com") == [
        ("doubtful", f"{who} cannot reach SES with Egress = '{egress}'", WAY)
    ]
