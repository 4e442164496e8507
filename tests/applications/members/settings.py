"""The project's settings with members in place of the guestbook."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [*(app for app in INSTALLED_APPS if app != "webapp.guestbook"), "members"]
ROOT_URLCONF = "members.urls"
LOGIN_REDIRECT_URL = "profile"
# A comparison logs in many users, so a fast hasher keeps the tests short.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
