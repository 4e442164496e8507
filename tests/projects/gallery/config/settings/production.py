import os

from config.settings.base import *  # noqa: F403

SECRET_KEY = os.environ.get("GALLERY_SECRET_KEY", "django-insecure-only-for-developers-of-the-gallery")
ALLOWED_HOSTS = os.environ.get("GALLERY_HOSTS", "localhost,127.0.0.1").split(",")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("GALLERY_DB_NAME", "gallery"),
        "USER": os.environ.get("GALLERY_DB_USER", "gallery"),
        "PASSWORD": os.environ.get("GALLERY_DB_PASSWORD", ""),
        "HOST": os.environ.get("GALLERY_DB_HOST", "127.0.0.1"),
        "PORT": os.environ.get("GALLERY_DB_PORT", "5432"),
        "CONN_MAX_AGE": 60,
    }
}
