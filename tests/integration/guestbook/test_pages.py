import pytest
from django.test import Client
from django.urls import reverse

from webapp.guestbook.models import Entry
from webapp.guestbook.samples import sample_entries

pytestmark = pytest.mark.django_db


def sign(client, **fields):
    return client.post("/", {"author": "Ada", "message": "Hello from the page", **fields})


def shown_entries(response):
    return list(response.context["page"])


def test_an_empty_book_invites_the_first_visitor(client):
    response = client.get("/")

    assert response.status_code == 200
    assert "Be the first to sign it" in response.text


def test_a_signed_entry_is_shown_after_the_redirect_with_thanks(client):
    response = sign(client)

    assert (response.status_code, response["Location"]) == (302, "/")
    page = client.get("/").text
    assert "Hello from the page" in page
    assert "Your entry is in the book" in page


def test_thanks_are_shown_once(client):
    sign(client)
    client.get("/")

    assert "Your entry is in the book" not in client.get("/").text


def test_the_form_remembers_the_visitors_name(client):
    sign(client, author="Grażyna")

    assert client.get("/").context["form"]["author"].value() == "Grażyna"


def test_an_invalid_form_comes_back_with_its_input(client):
    response = sign(client, author="", message="Kept words")

    assert response.status_code == 400
    assert Entry.objects.count() == 0
    assert "This field is required" in response.text
    assert "Kept words" in response.text


def test_a_nul_character_is_a_form_error(client):
    response = sign(client, message="nul \0 nul")

    assert response.status_code == 400
    assert "Null characters are not allowed" in response.text


def test_a_form_without_its_csrf_token_is_refused_with_a_page():
    client = Client(enforce_csrf_checks=True, headers={"X-Forwarded-Proto": "https"})

    response = sign(client)

    assert response.status_code == 403
    assert "This form could not be checked" in response.text
    assert Entry.objects.count() == 0


def test_a_form_with_its_csrf_token_is_accepted():
    client = Client(enforce_csrf_checks=True, headers={"X-Forwarded-Proto": "https"})
    page = client.get("/")
    origin = page.wsgi_request.build_absolute_uri("/").rstrip("/")

    response = client.post(
        "/",
        {"author": "Ada", "message": "Hello", "csrfmiddlewaretoken": page.context["csrf_token"]},
        headers={"Origin": origin},
    )

    assert response.status_code == 302
    assert Entry.objects.get().message == "Hello"


def test_the_text_of_an_entry_is_escaped(client):
    attack = "<script>alert(1)</script>"
    entry = Entry.objects.create(author=attack, message=attack)

    for address in ("/", entry.get_absolute_url()):
        page = client.get(address).text
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_entry_has_its_own_page(client):
    entry = Entry.objects.create(author="Ada", message="One\n\nTwo")

    page = client.get(entry.get_absolute_url())

    assert page.status_code == 200
    assert "<p>One</p>" in page.text


def test_a_hidden_entry_is_on_no_page(client):
    hidden = Entry.objects.create(author="Ada", message="Unkind words", hidden=True)

    assert "Unkind words" not in client.get("/").text
    response = client.get(hidden.get_absolute_url())
    assert response.status_code == 404
    assert "There is no such page" in response.text


@pytest.mark.parametrize(
    ("asked", "number", "length"),
    [("", 1, 10), ("2", 2, 10), ("3", 3, 5), ("99", 3, 5), ("0", 3, 5), ("nonsense", 1, 10), ("9" * 5000, 1, 10)],
)
def test_every_page_number_leads_to_a_page(client, asked, number, length):
    Entry.objects.bulk_create(sample_entries(25))

    page = client.get("/", {"page": asked}).context["page"]

    assert (page.number, len(page)) == (number, length)


def test_the_newest_entry_comes_first(client):
    Entry.objects.bulk_create(reversed(list(sample_entries(12))))

    entries = shown_entries(client.get("/")) + shown_entries(client.get("/?page=2"))

    assert [entry.created_at for entry in entries] == [sample.created_at for sample in sample_entries(12)]


def test_the_list_costs_two_queries(client, django_assert_num_queries):
    Entry.objects.bulk_create(sample_entries(25))

    with django_assert_num_queries(2):
        client.get("/?page=2")


def test_a_session_costs_one_more_query(client, django_assert_num_queries):
    sign(client)
    client.get("/")

    with django_assert_num_queries(3):
        client.get("/")


def test_other_methods_are_not_allowed(client):
    response = client.put("/")

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST")


def test_an_unknown_address_gets_a_page_in_the_sites_style(client):
    response = client.get("/nowhere")

    assert response.status_code == 404
    assert "There is no such page" in response.text
    assert "guestbook/guestbook." in response.text


def test_a_server_error_gets_a_page(client, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("webapp.guestbook.pages.create_entry", fails)
    client.raise_request_exception = False

    response = sign(client)

    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "hunter2" not in response.text


def test_a_request_that_django_refuses_gets_a_page(client):
    response = client.get("/", headers={"Host": "not_a_host"})

    assert response.status_code == 400
    assert "This request is not valid" in response.text


def test_favicon_ico_leads_to_the_icon(client):
    response = client.get("/favicon.ico", follow=True)

    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    response.close()


def test_the_pages_run_no_scripts_and_no_inline_styles(client):
    Entry.objects.bulk_create(sample_entries(12))

    for address in ("/", "/nowhere", Entry.objects.first().get_absolute_url()):
        page = client.get(address).text
        assert "<script" not in page
        assert "<style" not in page
        assert "style=" not in page


def test_the_footer_links_to_the_statistics(client):
    assert f'href="{reverse("guestbook:api_statistics")}"' in client.get("/").text
