"""A new secret key with the former one as a fallback, and later without it."""

import re

import pytest
from django.core import mail, signing
from django.test import Client

from tests.unit.adopt.projects import ready_project, settings_after
from webapp.accounts.models import User

pytestmark = pytest.mark.django_db

FORMER, NEW = "former-key-" + "0123456789" * 4, "new-key-of-the-rotation-" + "0123456789" * 4
BEHIND_TLS = {"X-Forwarded-Proto": "https"}
STEPS = [
    {"WEBAPP_SECRET_KEY": NEW, "WEBAPP_SECRET_KEY_FALLBACKS": FORMER},
    {"WEBAPP_SECRET_KEY": NEW},
]


@pytest.fixture(params=["db", "signed_cookies"])
def use(request, settings):
    """Applies the settings of the variables, as a new process would."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"

    def apply(**variables):
        decided = settings_after(ready_project(), **variables)
        settings.SECRET_KEY = decided["SECRET_KEY"]
        settings.SECRET_KEY_FALLBACKS = decided.get("SECRET_KEY_FALLBACKS", [])

    apply(WEBAPP_SECRET_KEY=FORMER)
    return apply


@pytest.fixture
def client(use):
    User.objects.create_superuser("ada", email="ada@mail.example", password="correct horse battery")
    client = Client(headers=BEHIND_TLS)
    client.login(username="ada", password="correct horse battery")
    return client


def is_logged_in(client):
    return client.get("/admin/").status_code == 200


def test_sessions_that_are_used_in_time_survive_both_steps(client, use):
    use(**STEPS[0])
    # This request signs the session with the new key.
    assert is_logged_in(client)

    use(**STEPS[1])
    assert is_logged_in(client)


def test_a_session_that_was_not_used_in_time_ends(client, use):
    use(**STEPS[1])

    assert not is_logged_in(client)


def test_signed_values_are_read_until_the_key_is_removed(use):
    signed = signing.dumps({"cart": 7})

    use(**STEPS[0])
    assert signing.loads(signed) == {"cart": 7}
    use(**STEPS[1])
    with pytest.raises(signing.BadSignature):
        signing.loads(signed)


def test_reset_links_work_until_the_key_is_removed(client, use):
    client.post("/accounts/password-reset/", {"email": "ada@mail.example"})
    path = re.search(r"://[^/]+(/\S+)", mail.outbox[0].body)[1]

    use(**STEPS[0])
    assert "Set the password" in Client(headers=BEHIND_TLS).get(path, follow=True).text
    use(**STEPS[1])
    assert "The link is too old" in Client(headers=BEHIND_TLS).get(path, follow=True).text
