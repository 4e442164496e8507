import pytest

from django_runtimes.serving.base_path import BasePath, path_below, under_base_path


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/shop/items", "/shop/items"),
        ("/items", "/shop/items"),
        ("/shop", "/shop/"),
        ("/shop/", "/shop/"),
        ("/", "/shop/"),
        ("/shopping", "/shop/shopping"),
        ("/shop/shop/items", "/shop/shop/items"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_path_begins_with_the_base_path(kind, path, seen):
    scopes = []

    async def application(scope, receive, send):
        scopes.append(scope)

    await BasePath(application, "/shop")({"type": kind, "path": path, "root_path": ""}, None, None)

    assert scopes == [{"type": kind, "path": seen, "root_path": "/shop"}]
    assert path_below(scopes[0]) == seen.removeprefix("/shop")


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/items", "/shop/items"),
        ("/shop/items", "/shop/shop/items"),
        ("/shop", "/shop/shop"),
        ("/", "/shop/"),
        ("/healthz", "/shop/healthz"),
        ("/shop/healthz", "/shop/healthz"),
        ("/shop/readyz", "/shop/readyz"),
    ],
)
def test_a_stripped_base_path_is_added_to_every_path(path, seen):
    assert under_base_path({"path": path}, "/shop", is_stripped=True) == {"path": seen, "root_path": "/shop"}


@pytest.mark.parametrize("is_stripped", [False, True])
@pytest.mark.parametrize("path", ["/healthz", "/healthz/healthz", "/readyz", "/healthz/readyz"])
def test_health_checks_beat_a_base_path_with_their_name(path, is_stripped):
    scope = under_base_path({"path": path}, "/healthz", is_stripped=is_stripped)

    assert path_below(scope) == "/" + path.rpartition("/")[2]
