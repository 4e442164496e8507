"""The guestbook's settings for every runtime; `configure()` adapts them to the one that runs the process."""

from django_runtimes import configure

# This key is public, and for `local` only; every other runtime needs WEBAPP_SECRET_KEY.
SECRET_KEY = "django-insecure-and-public-for-the-local-runtime-only"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_runtimes.files",
    "webapp.accounts",
    "webapp.guestbook",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Django's default is America/Chicago. The pages and the API state their times in UTC.
TIME_ZONE = "UTC"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# DATABASE_URL sets the address, or else WEBAPP_DB_HOST, WEBAPP_DB_NAME and WEBAPP_DB_USER do.
DATABASES: dict[str, dict[str, object]] = {"default": {}}

STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_URL = "media/"
MEDIA_ROOT = "media"

# Django 6.1 has no default, and earlier versions ignore this; WEBAPP_MAIL replaces it.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "localhost"}}}

adopted = configure(globals())
# Uploads are off on runtimes whose disk does not outlive the process.
GUESTBOOK_PICTURES = adopted.keeps_media
# The number of posts from one address, counted in the store of WEBAPP_STORE_URL; without a store, each process would
# count alone.
GUESTBOOK_POST_RATE = "20/m" if adopted.has_store else None
