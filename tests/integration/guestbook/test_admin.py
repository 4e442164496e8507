import re

import pytest
from django.urls import reverse

from webapp.accounts.models import User
from webapp.guestbook.models import Entry

pytestmark = pytest.mark.django_db

_CHANGELIST = "/admin/guestbook/entry/"


@pytest.fixture
def moderator(client):
    client.force_login(User.objects.create_superuser("moderator", password="correct horse battery"))
    return client


def run_action(client, action, *entries):
    selected = [entry.pk for entry in entries]
    return client.post(_CHANGELIST, {"action": action, "_selected_action": selected}, follow=True)


def test_moderation_needs_a_login(client):
    response = client.get(_CHANGELIST, follow=True)

    assert response.redirect_chain == [(f"/admin/login/?next={_CHANGELIST}", 302)]
    assert 'name="password"' in response.text


def test_a_moderator_logs_in_with_name_and_password(client):
    User.objects.create_superuser("moderator", password="correct horse battery")

    response = client.post(
        f"/admin/login/?next={_CHANGELIST}", {"username": "moderator", "password": "correct horse battery"}
    )

    assert (response.status_code, response["Location"]) == (302, _CHANGELIST)


def test_the_admins_css_is_served(client):
    (address,) = re.findall(r'href="(/static/admin/css/base[^"]*\.css)"', client.get("/admin/login/").text)

    response = client.get(address)

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/css")
    assert b"--primary" in b"".join(response.streaming_content)
    response.close()


def test_entries_are_hidden_and_shown_again(moderator, client):
    unkind = Entry.objects.create(author="Eve", message="Unkind words")
    kind = Entry.objects.create(author="Ada", message="Kind words")

    assert "Hidden: 1." in run_action(moderator, "hide", unkind).text
    assert list(Entry.objects.visible()) == [kind]

    assert "Shown: 1." in run_action(moderator, "show", unkind).text
    assert set(Entry.objects.visible()) == {kind, unkind}


def test_hidden_entries_stay_in_the_moderators_list(moderator):
    Entry.objects.create(author="Eve", message="Unkind words", hidden=True)

    assert "Unkind words" in moderator.get(_CHANGELIST, {"hidden__exact": "1"}).text
    assert "Unkind words" not in moderator.get(_CHANGELIST, {"hidden__exact": "0"}).text


def test_entries_are_found_by_their_words(moderator):
    Entry.objects.create(author="Ada", message="A quiet garden")
    Entry.objects.create(author="Eve", message="A loud street")

    page = moderator.get(_CHANGELIST, {"q": "garden"}).text

    assert "A quiet garden" in page
    assert "A loud street" not in page


def test_a_moderator_can_hide_an_entry_but_not_rewrite_it(moderator):
    entry = Entry.objects.create(author="Ada", message="As I said", idempotency_key="key-1")
    address = reverse("admin:guestbook_entry_change", args=[entry.pk])

    assert "key-1" in moderator.get(address).text
    moderator.post(address, {"hidden": "on", "message": "As I never said", "idempotency_key": "key-2"})

    entry.refresh_from_db()
    assert (entry.hidden, entry.message, entry.idempotency_key) == (True, "As I said", "key-1")


def test_a_moderator_cannot_add_an_entry(moderator):
    assert moderator.get(f"{_CHANGELIST}add/").status_code == 403


def test_a_user_without_permissions_may_not_moderate(client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.get(_CHANGELIST).status_code == 403
