"""How the base path and the manifest decide where static files are served, and by which storage."""

import pytest

from tests.unit.adopt.projects import (
    decisions_for,
    ready_project,
    settings_after,
)


@pytest.mark.parametrize(
    ("settings", "middleware"),
    [
        ({}, ["django.middleware.security.SecurityMiddleware", "whitenoise.middleware.WhiteNoiseMiddleware"]),
        ({"INSTALLED_APPS": []}, ["django.middleware.security.SecurityMiddleware"]),
        ({"STATIC_URL": "https://cdn.example/"}, ["django.middleware.security.SecurityMiddleware"]),
        ({"STATIC_URL": None}, ["django.middleware.security.SecurityMiddleware"]),
    ],
)
def test_whitenoise_is_added_only_where_it_is_needed(settings, middleware):
    project = ready_project(MIDDLEWARE=["django.middleware.security.SecurityMiddleware"], **settings)

    assert settings_after(project)["MIDDLEWARE"] == middleware


def test_the_projects_whitenoise_keeps_its_place():
    middleware = ["shop.First", "whitenoise.middleware.WhiteNoiseMiddleware"]

    assert settings_after(ready_project(MIDDLEWARE=middleware))["MIDDLEWARE"] is middleware


@pytest.mark.parametrize(
    ("own", "below"),
    [
        ("static/", ("/shop/static/", "/static/")),
        ("/static/", ("/shop/static/", "/static/")),
        ("/shop/static/", ("/shop/static/", "/static/")),
        ("https://cdn.example/static/", ("https://cdn.example/static/", None)),
    ],
)
def test_static_files_are_served_below_the_base_path(own, below):
    settings = settings_after(ready_project(STATIC_URL=own), WEBAPP_BASE_PATH="/shop")

    assert (settings["STATIC_URL"], settings.get("WHITENOISE_STATIC_PREFIX")) == below


def test_a_static_url_that_begins_like_the_base_path_is_prefixed():
    assert settings_after(ready_project(), WEBAPP_BASE_PATH="/static")["STATIC_URL"] == "/static/static/"


def test_without_a_manifest_static_files_get_plain_storage():
    media = {"BACKEND": "own.Media"}
    manifest = {"BACKEND": "own.Manifest", "OPTIONS": {"manifest_strict": False}}
    project = ready_project(STORAGES={"default": media, "staticfiles": manifest})

    storages = settings_after(project, WEBAPP_STATIC_MANIFEST="0")["STORAGES"]

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    assert storages == {"default": media, "staticfiles": plain}
    assert storages["default"] is media
    assert settings_after(project, WEBAPP_STATIC_MANIFEST="1")["STORAGES"] is project["STORAGES"]


def test_with_a_manifest_only_djangos_own_storage_is_replaced():
    hashed = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    options = {"OPTIONS": {"allow_overwrite": True}}
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"} | options
    media = {"BACKEND": "own.Media"}
    own = {"default": media, "staticfiles": {"BACKEND": "own.Static"}}

    default = decisions_for(ready_project(), WEBAPP_STATIC_MANIFEST="1")
    (change,) = [change for change in default.changes if change.name == "STORAGES"]
    assert default.settings["STORAGES"]["staticfiles"] == hashed
    assert (change.label, change.reason) == (
        "STORAGES['staticfiles']",
        "WEBAPP_STATIC_MANIFEST=1: names of static files have hashes, and browsers keep the files",
    )
    project = ready_project(STORAGES={"default": media, "staticfiles": plain})
    assert settings_after(project, WEBAPP_STATIC_MANIFEST="1")["STORAGES"] == {
        "default": media,
        "staticfiles": hashed | options,
    }
    project = ready_project(STORAGES=own)
    assert settings_after(project, WEBAPP_STATIC_MANIFEST="1")["STORAGES"] is own
