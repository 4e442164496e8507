import pytest
from gallery.models import Picture

pytestmark = pytest.mark.django_db


def test_pictures_are_listed(client):
    Picture.objects.create(title="Harbour", slug="harbour")

    response = client.get("/")

    assert b'href="/pictures/harbour/"' in response.content
    assert response["X-Visit"] == "1"


def test_the_about_page_counts_pictures(client):
    assert b"0 pictures" in client.get("/about/").content
