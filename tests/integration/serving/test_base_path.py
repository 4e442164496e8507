import pytest

from webapp.serving.base_path import BasePath, path_below


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
