"""Inspects a project's settings and pages."""

from pathlib import Path

import pytest

from django_runtimes.project_files.reading.inspection import inspect_project
from django_runtimes.project_files.reading.layout import find_layout
from django_runtimes.project_files.reading.project_copy import copied_project
from tests.integration.project_files.projects import MANAGE, SETTINGS, tree

PAGES = """
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.http import require_POST


def page(request):
    return HttpResponse("page")


class Members(LoginRequiredMixin, View):
    def get(self, request):
        return HttpResponse("members")


class Post(View):
    def post(self, request):
        return HttpResponse("posted")


def broken(request):
    raise ValueError


inner = ([path("list/", page), path("<int:number>/", page)], "inner")
urlpatterns = [
    path("admin/", admin.site.urls),
    path("", lambda request: HttpResponseRedirect("/en-us/")),
    re_path(r"^feed\\.xml$", page),
    re_path(r"^(?P<slug>\\w+)/more/$", page),
    path("members/", Members.as_view()),
    path("account/", login_required(page)),
    path("post/", Post.as_view()),
    path("posted/", require_POST(page)),
    path("broken/", broken),
    path("logout/", page),
    path("items/", include(inner)),
    *i18n_patterns(path("", page), path("about/", page)),
]
"""
ADMIN = (
    "admin",
    "auth",
    "contenttypes",
    "sessions",
    "messages",
)
FULL = SETTINGS.replace(
    'INSTALLED_APPS = ["django.contrib.staticfiles"]',
    f"INSTALLED_APPS = {[f'django.contrib.{app}' for app in ADMIN]!r}\n"
    'MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", '
    '"django.contrib.auth.middleware.AuthenticationMiddleware", '
    '"django.contrib.messages.middleware.MessageMiddleware"]\n'
    'TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": '
    '{"context_processors": ["django.template.context_processors.request", '
    '"django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}]',
)
LOGGING = 'LOGGING = {"version": 1, "handlers": {"f": {"class": "logging.FileHandler", "filename": "shop.log"}}}\n'


def project(root: Path, *, settings: str = FULL, urls: str = PAGES) -> Path:
    (root / "shop").mkdir()
    (root / "manage.py").write_text(MANAGE.format(settings="shop.settings"))
    (root / "shop/__init__.py").touch()
    (root / "shop/settings.py").write_text(settings)
    (root / "shop/urls.py").write_text(urls)
    return root


def test_pages_that_a_visitor_may_read_are_found(tmp_path: Path):
    project(tmp_path)

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads == ("/en-us/", "/feed.xml", "/items/list/", "/en-us/about/")
    assert not {"/members/", "/account/", "/post/", "/logout/"} & set(found.paths)


def test_an_embedded_postgresql_replaces_the_projects_server(tmp_path: Path):
    settings = FULL.replace("django.db.backends.sqlite3", "django.db.backends.postgresql")
    project(tmp_path, settings=settings + 'DATABASES["default"]["HOST"] = "database.invalid"\n')

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads is not None
    assert "/en-us/" in found.reads


def test_pages_are_listed_without_a_usable_database(tmp_path: Path):
    project(tmp_path, settings=FULL.replace("django.db.backends.sqlite3", "django.db.backends.dummy"))

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads is None
    assert found.paths[:2] == ("/", "/feed.xml")


@pytest.mark.parametrize("addition", [LOGGING, 'DATABASES["default"]["NAME"] = "shop.sqlite3"\n', "print('hello')\n"])
def test_inspecting_a_project_does_not_change_it(tmp_path: Path, addition: str):
    before = tree(project(tmp_path, settings=SETTINGS + addition))

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
    before = tree(project(tmp_path, settings=FULL + FILE_SESSIONS, urls=WRITING_PAGE))

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.reads == ("/",)
    assert tree(tmp_path) == before


def test_settings_may_read_what_lies_above_the_project(tmp_path: Path):
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/services/shop").mkdir(parents=True)
    (tmp_path / "repository/key.txt").write_text("key")
    read = "from pathlib import Path\n(Path(__file__).resolve().parents[3] / 'key.txt').read_text()\n"
    project(tmp_path / "repository/services/shop", settings=SETTINGS + read)
    before = tree(tmp_path)

    found = inspect_project(find_layout(tmp_path / "repository/services/shop", settings=None))

    assert found.apps
    assert tree(tmp_path) == before


def test_large_files_and_environments_are_linked(tmp_path: Path):
    project(tmp_path)
    (tmp_path / "data.bin").write_bytes(bytes(6 * 1024 * 1024))
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to("shop/urls.py")

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        links = {path.name for path in copy.root.iterdir() if path.is_symlink()}
        assert links == {"data.bin", "env", "link"}
        assert (copy.root / "link").resolve() == copy.root / "shop/urls.py"
        assert (copy.root / "data.bin").stat().st_size == 6 * 1024 * 1024

    assert not copy.root.exists()


def test_uploads_beyond_a_limit_are_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("django_runtimes.project_files.reading.project_copy._MOST_COPIED_BYTES", 1000)
    project(tmp_path)
    (tmp_path / "media").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "media" / name).write_bytes(bytes(600))

    with copied_project(find_layout(tmp_path, settings=None)) as copy:
        links = [path.is_symlink() for path in (copy.root / "media").iterdir()]
        assert sorted(links) == [False, True]
        assert not (copy.root / "shop/urls.py").is_symlink()


def test_only_the_front_page_is_found_if_the_urls_do_not_load(tmp_path: Path):
    project(tmp_path, urls="import absent\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert (found.paths, found.reads) == (("/",), None)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("redis://:secret@cache.example/0", "redis://127.0.0.1/unused"),
        ("587", "1"),
        ("True", "false"),
        ("secret", "unused"),
    ],
)
def test_values_of_variables_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, shape: str):
    monkeypatch.setenv("SHOP_VALUE", value)
    project(tmp_path, settings=SETTINGS + 'import os\nVALUE = os.environ.get("SHOP_VALUE")\nB = os.getenv("SHOP_B")\n')

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_VALUE": shape}
    assert found.variables["SHOP_B"] is None


def test_optional_variables_of_the_database_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("SHOP_DB_HOST", "SHOP_DB_PASSWORD"):
        monkeypatch.setenv(name, name.lower())
    lines = 'DATABASES["default"]["HOST"] = os.environ.get("SHOP_DB_HOST", "127.0.0.1")\n'
    lines += 'DATABASES["default"]["PASSWORD"] = os.environ["SHOP_DB_PASSWORD"]\n'
    project(tmp_path, settings=f"import os\n{SETTINGS}{lines}")

    found = inspect_project(find_layout(tmp_path, settings=None))

    # The settings do not load without the password's variable.
    assert set(found.own_variables) == {"SHOP_DB_PASSWORD"}


# python-decouple reads the environment first, then .env beside the settings or in a folder above.
DECOUPLE = """
import os
from pathlib import Path


class Undefined:
    pass


undefined = Undefined()


class Config:
    def get(self, option, default=undefined):
        if option in os.environ:
            return os.environ[option]
        lines = (Path(__file__).parent / ".env").read_text().splitlines()
        values = dict(line.split("=", 1) for line in lines)
        if option in values:
            return values[option]
        if isinstance(default, Undefined):
            raise RuntimeError(f"{option} not found")
        return default


config = Config().get
"""


def test_variables_that_decouple_reads_from_a_file_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_URL", "https://shop.example/")
    lines = "from decouple import config\nKEY = config('SHOP_KEY')\nURL = config('SHOP_URL')\n"
    lines += "DEBUG = config('DEBUG', default=False)\nNAME = config('SHOP_NAME', default='')\n"
    project(tmp_path, settings=f"{SETTINGS}{lines}")
    (tmp_path / "decouple.py").write_text(DECOUPLE)
    (tmp_path / ".env").write_text("SHOP_KEY=very-secret\nDEBUG=\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_KEY": "unused", "SHOP_URL": "https://127.0.0.1/unused"}
    assert {"DEBUG", "SHOP_NAME"} <= found.optional


def test_variables_of_pydantic_settings_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("shop_port", "8000")
    lines = """
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Values(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="shop_", env_file=".env", extra="ignore")
    key: str
    port: int
    name: str = ""
    token: str = Field(validation_alias="PAYMENT_TOKEN")


KEY = Values().key
"""
    project(tmp_path, settings=f"{SETTINGS}{lines}")
    (tmp_path / ".env").write_text("# payments\nexport PAYMENT_TOKEN='very-secret'\nSHOP_KEY=secret\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_KEY": "unused", "SHOP_PORT": "1", "PAYMENT_TOKEN": "unused"}
    assert found.variables["SHOP_NAME"] is None


@pytest.mark.parametrize(
    ("line", "is_listed"),
    [
        ('os.environ["SHOP_DEBUG"]', True),
        ('os.environ.get("SHOP_DEBUG")', False),
        ('os.getenv("SHOP_DEBUG", "0")', False),
        ('"SHOP_DEBUG" in os.environ', False),
        ('os.environ.get("SHOP_DEBUG") and os.environ["SHOP_DEBUG"]', True),
    ],
)
def test_a_debug_variable_is_listed_if_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, *, is_listed: bool
):
    monkeypatch.setenv("SHOP_DEBUG", "1")
    project(tmp_path, settings=f"import os\n{SETTINGS}SWITCH = {line}\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == ({"SHOP_DEBUG": "1"} if is_listed else {})
    assert found.needed_debug == ("SHOP_DEBUG" if is_listed else None)
