"""A project whose pages, feeds, sitemaps, redirects and mails name its own address."""

from pathlib import Path

from django_runtimes import configure

SECRET_KEY = None
ALLOWED_HOSTS: list[str] = []
ADMINS = [("Ada", "ada@mail.example")]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ROOT_URLCONF = "tests.applications.linking.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
    }
]
DATABASES: dict[str, dict[str, str]] = {}

configure(globals())
