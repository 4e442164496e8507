"""Mail reaches SES, which moto emulates."""

import base64
import json
import logging
import smtplib
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import boto3
import django
import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.core.mail.message import BadHeaderError

from django_runtimes.mail import ses_backend
from django_runtimes.mail.ses_backend import SesBackend
from tests.moto import ACCESS_KEY, REGION, moto_server
from tests.patience import wait_for_aws

pytestmark = pytest.mark.profile_free

SENDER = "shop@mail.example"
BACKEND = "django_runtimes.mail.ses_backend.SesBackend"


@pytest.fixture(autouse=True)
def _patience(monkeypatch) -> None:
    wait_for_aws(monkeypatch)


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    with moto_server(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


@pytest.fixture
def server(moto, monkeypatch):
    """The URL of a service in which the sender is verified."""
    use(monkeypatch, moto)
    keys = {name.lower(): value for name, value in ACCESS_KEY.items()}
    boto3.client("sesv2", REGION, endpoint_url=moto, **keys).create_email_identity(EmailIdentity=SENDER)
    yield moto
    ses_backend._client.cache_clear()


def use(monkeypatch, url):
    for name, value in {**ACCESS_KEY, "AWS_REGION": REGION, "AWS_ENDPOINT_URL_SESV2": url}.items():
        monkeypatch.setenv(name, value)
    ses_backend._client.cache_clear()


def send(message, **options):
    return SesBackend(**options).send_messages([message])


def test_django_sends_a_mail(server, settings):
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": BACKEND}}
    else:
        settings.EMAIL_BACKEND = BACKEND

    assert send_mail("Hello", "text", SENDER, ["ada@mail.example"]) == 1


def test_a_message_with_all_that_a_mail_may_have(service):
    message = EmailMultiAlternatives(
        "Grüße aus Zürich ✉",
        "Schöne Grüße",
        f"Der Läden <{SENDER}>",
        ["Ada Löve <ada@mail.example>", "bob@bücher.example"],
        cc=["cy@mail.example"],
        bcc=["dan@mail.example"],
        reply_to=["help@mail.example"],
        headers={"X-Order": "7"},
    )
    message.attach_alternative("<p>Schöne Grüße</p>", "text/html")
    message.attach("rechnung-ü.pdf", b"%PDF-\x00\xff", "application/pdf")
    answers, requests = service
    answers.append((200, ""))
    assert send(message) == 1

    ((_, body),) = requests
    assert body["FromEmailAddress"] == SENDER
    assert body["Destination"] == {
        "ToAddresses": ["ada@mail.example", "bob@xn--bcher-kva.example"],
        "CcAddresses": ["cy@mail.example"],
        "BccAddresses": ["dan@mail.example"],
    }
    raw = message_from_bytes(base64.b64decode(body["Content"]["Raw"]["Data"]))
    assert str(make_header(decode_header(raw["Subject"]))) == "Grüße aus Zürich ✉"
    assert raw["X-Order"] == "7"
    assert raw["Reply-To"] == "help@mail.example"
    assert "dan@mail.example" not in raw.as_string()
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in raw.walk()}
    assert parts["application/pdf"] == b"%PDF-\x00\xff"
    # Django 6 ends a part with a line break.
    assert parts["text/html"].decode().rstrip() == "<p>Schöne Grüße</p>"


def test_ses_judges_an_address_that_no_domain_can_have(service):
    answers, requests = service
    answers.append((400, "BadRequestException"))

    assert send(EmailMessage("Hello", "text", SENDER, ["ada@mail..example"]), fail_silently=True) == 0

    assert requests[0][1]["Destination"]["ToAddresses"] == ["ada@mail..example"]


def test_several_messages_and_one_without_recipients(server):
    messages = [EmailMessage("Grüße ✉", "text", SENDER, to) for to in (["ada@mail.example"], [], ["bob@mail.example"])]
    messages[0].attach("ü.pdf", b"%PDF-\x00\xff", "application/pdf")
    messages[0].bcc = ["dan@mail.example"]

    assert SesBackend().send_messages(messages) == 2


def test_a_sender_that_is_not_verified(server, caplog):
    message = EmailMessage("Hello", "text", "eve@evil.example", ["ada@mail.example"])

    with pytest.raises(smtplib.SMTPException) as caught:
        send(message)

    text = str(caught.value)
    assert text.startswith("SES did not send the mail of eve@evil.example to 1 recipients: MessageRejected")
    assert text.endswith("verify the sender's address or domain in SES; in the sandbox, each recipient too")
    assert caplog.text == ""


def test_a_silent_failure_is_logged_once(server, caplog):
    message = EmailMessage("Hello", "text", "eve@evil.example", ["ada@mail.example"])

    assert send(message, fail_silently=True) == 0

    assert [(each.name, each.levelno) for each in caplog.records] == [("django_runtimes.mail", logging.ERROR)]


def test_a_header_with_a_line_break_is_refused(server):
    message = EmailMessage("Hello\nBcc: eve@evil.example", "text", SENDER, ["ada@mail.example"])

    with pytest.raises((BadHeaderError, ValueError)):
        send(message)


@pytest.fixture
def service(monkeypatch):
    """A service that answers with the status and the code that the test appends, and counts requests."""
    answers, requests = [], []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            requests.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            status, code = answers[0]
            body = json.dumps({"message": "no", "MessageId": "1"}).encode()
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        use(monkeypatch, f"http://127.0.0.1:{server.server_port}")
        yield answers, requests
        server.shutdown()
    ses_backend._client.cache_clear()


@pytest.mark.parametrize(
    ("status", "code", "attempts", "reason"),
    [
        (429, "TooManyRequestsException", 3, "refused 3 attempts: TooManyRequestsException: no"),
        (400, "SendingPausedException", 1, "SendingPausedException: no; resume sending in SES"),
        (403, "AccessDeniedException", 1, "grant the role ses:SendRawEmail for the identity of the sender"),
        # SES may have sent the mail, so it is not sent again.
        (500, "InternalServiceErrorException", 1, "answers 500: InternalServiceErrorException: no"),
    ],
)
def test_refusals(service, status, code, attempts, reason):
    answers, requests = service
    answers.append((status, code))

    with pytest.raises(smtplib.SMTPException, match=reason):
        send(EmailMessage("Hello", "text", SENDER, ["ada@mail.example"]))

    assert [path for path, _ in requests] == ["/v2/email/outbound-emails"] * attempts
