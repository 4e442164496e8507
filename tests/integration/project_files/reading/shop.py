"""A project with a page of each kind."""

from pathlib import Path

from tests.integration.project_files.projects import MANAGE, SETTINGS

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


def make_shop(root: Path, *, settings: str = FULL, urls: str = PAGES) -> Path:
    (root / "shop").mkdir()
    (root / "manage.py").write_text(MANAGE.format(settings="shop.settings"))
    (root / "shop/__init__.py").touch()
    (root / "shop/settings.py").write_text(settings)
    (root / "shop/urls.py").write_text(urls)
    return root
