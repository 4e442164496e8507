"""A forgotten password is replaced through a link in a mail."""

import re

import pytest
from django.core import mail

from webapp.accounts.models import User

pytestmark = pytest.mark.django_db

NEW = "another horse battery"


@pytest.fixture
def ada():
    return User.objects.create_user("ada", email="ada@mail.example", password="correct horse battery")


def ask_for_link(client, address="ada@mail.example"):
    response = client.post("/accounts/password-reset/", {"email": address}, headers={"Host": "guestbook.example"})
    assert (response.status_code, response["Location"]) == (302, "/accounts/password-reset/sent/")
    return [re.search(r"\S+://\S+", message.body)[0] for message in mail.outbox]


def test_a_password_is_reset(client, ada):
    (link,) = ask_for_link(client)

    assert mail.outbox[0].subject == "A new password for the guestbook"
    assert link.startswith("https://guestbook.example/accounts/password-reset/")
    form = client.get(link.removeprefix("https://guestbook.example"), follow=True)
    assert "Set a new password" in form.text
    done = client.post(form.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert "Your new password is set" in done.text
    assert client.login(username="ada", password=NEW)


def test_a_link_works_once(client, ada):
    (link,) = ask_for_link(client)
    ada.set_password(NEW)
    ada.save()

    response = client.get(link.removeprefix("https://guestbook.example"), follow=True)

    assert "The link is too old or was used before." in response.text


def test_an_unknown_address_gets_the_same_answer(client, ada):
    assert ask_for_link(client, "eve@mail.example") == []


def test_the_login_page_of_the_admin_links_to_the_reset(client):
    assert 'href="/accounts/password-reset/"' in client.get("/admin/login/").text


def test_passwords_that_differ_are_shown_beside_the_field(client, ada):
    (link,) = ask_for_link(client)
    form = client.get(link.removeprefix("https://guestbook.example"), follow=True)

    page = client.post(form.request["PATH_INFO"], {"new_password1": NEW, "new_password2": "different"}).text

    assert re.search(r'name="new_password2"[^>]* aria-invalid="true"', page)
