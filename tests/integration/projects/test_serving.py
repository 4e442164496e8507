"""Both entry points serve the example projects with the projects' own settings."""

import json

import pytest

from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of


@pytest.fixture(scope="module")
def filled(stock):
    """The API with one account and some items."""
    stock.webapp("fill_stock", runtime="aws_ecs")
    return stock


@pytest.fixture(scope="module")
def collected(gallery):
    """The site with its static files."""
    gallery.webapp("collectstatic", "--no-input", "--verbosity", "0", runtime="aws_ecs")
    return gallery


def test_the_apis_settings_hold_in_a_container(filled, server):
    client, log = server(filled)

    assert json.loads(client.ask("GET", "/")[1]) == {"time_zone": "Europe/Zurich", "atomic": True}
    client.ask("GET", "/session/")
    login = {"email": "ada@stock.example", "password": "a password of the stock"}
    assert json.loads(client.ask("POST", "/session/", login)[1]) == {"email": "ada@stock.example"}
    assert "stock_session" in client.cookies
    response, content = client.ask("POST", "/items/", {"name": "hinge", "count": 3})
    assert (response.status, json.loads(content)["name"]) == (201, "hinge")
    # This is read from the replica, which is the same database here.
    assert json.loads(client.ask("GET", "/items/")[1])["items"][0]["name"] == "hinge"
    assert "stock INFO items.views item" in log.read_text()


def test_an_error_gets_the_projects_page_and_rolls_back(filled, server):
    client, _ = server(filled)
    client.ask("GET", "/session/")
    client.ask("POST", "/session/", {"email": "ada@stock.example", "password": "a password of the stock"})

    response, content = client.ask("POST", "/items/", {"name": "too many", "count": 1001})

    assert response.status == 500
    assert json.loads(content) == {"error": "stock's own page for errors"}
    assert all(item["name"] != "too many" for item in json.loads(client.ask("GET", "/items/")[1])["items"])


def test_the_apis_settings_hold_on_lambda(filled):
    index, items = filled.replies(
        event_of("http_api_v2", "GET", "/", headers={"host": "shop.example"}),
        event_of("http_api_v2", "GET", "/items/", headers={"host": "shop.example"}),
    )

    assert json.loads(body_of(index)) == {"time_zone": "Europe/Zurich", "atomic": True}
    assert len(json.loads(body_of(items))["items"]) == 20


def test_the_site_is_served_in_a_container(collected, server):
    client, _ = server(collected)

    response, page = client.ask("GET", "/")
    assert (response.status, response.headers["X-Gallery"], response.headers["X-Visit"]) == (200, "yes", "1")
    stylesheet = page.decode().partition('href="')[2].partition('"')[0]
    assert stylesheet.startswith("/assets/css/gallery.")
    assert client.ask("GET", stylesheet)[1] == b"body { font-family: sans-serif; }\n"
    assert b"0 pictures" in client.ask("GET", "/about/")[1]
    assert client.ask("GET", "/")[0].headers["X-Visit"] == "3"
    assert client.ask("GET", "/admin/login/")[0].status == 200


def test_the_site_is_served_on_lambda(collected):
    front, about = collected.replies(
        event_of("http_api_v2", "GET", "/", headers={"host": "shop.example"}),
        event_of("http_api_v2", "GET", "/about/", headers={"host": "shop.example", "accept-language": "de"}),
    )

    assert status_of(front) == 200
    assert b'lang="de"' in body_of(about)


def test_an_outage_gets_the_librarys_response(filled, server):
    variables = {**filled.variables, "WEBAPP_DB_POOL_TIMEOUT_S": "1"}
    client, _ = server(type(filled)(filled.folder, "postgresql://app@127.0.0.1:1/app", variables))

    response, _ = client.ask("GET", "/")

    assert response.status == 503
    assert response.headers["Retry-After"]
