"""Inspects a project's settings and pages."""

from pathlib import Path

import pytest

from django_runtimes.project_files.reading.inspection import inspect_project
from django_runtimes.project_files.reading.layout import find_layout
from tests.integration.project_files.projects import SETTINGS, tree
from tests.integration.project_files.reading.shop import FULL, make_shop

LOGGING = 'LOGGING = {"version": 1, "handlers": {"f": {"class": "logging.FileHandler", "filename": "shop.log"}}}\n'


def test_pages_that_a_visitor_may_read_are_found(tmp_path: Path):
    make_shop(tmp_path)

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads == ("/en-us/", "/feed.xml", "/items/list/", "/en-us/about/")
    assert not {"/members/", "/account/", "/post/", "/logout/"} & set(found.paths)


def test_an_embedded_postgresql_replaces_the_projects_server(tmp_path: Path):
    settings = FULL.replace("django.db.backends.sqlite3", "django.db.backends.postgresql")
    make_shop(tmp_path, settings=settings + 'DATABASES["default"]["HOST"] = "database.invalid"\n')

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads is not None
    assert "/en-us/" in found.reads


def test_pages_are_listed_without_a_usable_database(tmp_path: Path):
    make_shop(tmp_path, settings=FULL.replace("django.db.backends.sqlite3", "django.db.backends.dummy"))

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads is None
    assert found.paths[:2] == ("/", "/feed.xml")


@pytest.mark.parametrize("addition", [LOGGING, 'DATABASES["default"]["NAME"] = "shop.sqlite3"\n', "print('hello')\n"])
def test_inspecting_a_project_does_not_change_it(tmp_path: Path, addition: str):
    before = tree(make_shop(tmp_path, settings=SETTINGS + addition))

    inspect_project(find_layout(tmp_path, settings=None))

    assert tree(tmp_path) == before


WRITING_PAGE = """
from pathlib import Path
from django.conf import settings
from django.http import HttpResponse
from django.urls import path


def page(request):
    request.session["visits"] = 1
    (settings.BASE_DIR / "visits.txt").write_text("1")
    Path("visits.txt").write_text("1")
    return HttpResponse("page")


urlpatterns = [path("", page)]
"""
FILE_SESSIONS = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
(BASE_DIR / "logs").mkdir()
SESSION_ENGINE = "django.contrib.sessions.backends.file"
SESSION_FILE_PATH = str(BASE_DIR / "sessions")
"""


def test_pages_and_settings_write_into_a_copy(tmp_path: Path):
    (tmp_path / "sessions").mkdir()
    before = tree(make_shop(tmp_path, settings=FULL + FILE_SESSIONS, urls=WRITING_PAGE))

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads == ("/",)
    assert tree(tmp_path) == before


def test_settings_may_read_files_above_the_project(tmp_path: Path):
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/services/shop").mkdir(parents=True)
    (tmp_path / "repository/key.txt").write_text("key")
    read = "from pathlib import Path\n(Path(__file__).resolve().parents[3] / 'key.txt').read_text()\n"
    make_shop(tmp_path / "repository/services/shop", settings=SETTINGS + read)
    before = tree(tmp_path)

    found = inspect_project(find_layout(tmp_path / "repository/services/shop", settings=None))

    assert found.apps
    assert tree(tmp_path) == before


HIDDEN_PAGES = """
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path


def front(request):
    response = HttpResponse("front")
    response.set_cookie("seen", "1")
    return response


def seen(request):
    return HttpResponse("seen", status=200 if "seen" in request.COOKIES else 403)


def entering(request):
    response = HttpResponseRedirect("/seen/?from=enter")
    response.set_cookie("seen", "1")
    return response


def listed(request):
    return HttpResponse("list", status=200 if request.GET.get("page") == "1 a" else 400)


urlpatterns = [
    path("", front),
    path("seen/", seen),
    path("enter/", entering),
    path("caf\u00e9/", lambda request: HttpResponse("page")),
    path("100%/", lambda request: HttpResponse("page")),
    path("old/", lambda request: HttpResponseRedirect("../lst/?page=1 a#top")),
    path("lst/", listed),
    path("elsewhere/", lambda request: HttpResponseRedirect("https://shop.example/")),
    path("loop/", lambda request: HttpResponseRedirect("/loop/")),
    path("/double/", lambda request: HttpResponse("page")),
]
"""


def test_each_page_found_answers_200_when_it_is_requested_alone(tmp_path: Path):
    make_shop(tmp_path, urls=HIDDEN_PAGES)

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads == ("/", "/caf%C3%A9/", "/100%25/", "/lst/?page=1%20a", "//double/")


def test_only_the_front_page_is_found_if_the_urls_do_not_load(tmp_path: Path):
    make_shop(tmp_path, urls="import absent\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert (found.paths, found.reads) == (("/",), None)
