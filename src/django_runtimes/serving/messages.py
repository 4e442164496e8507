"""Keeps the cookie of Django's messages below the path where the application lives."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage import cookie, fallback
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpResponseBase


class CookieStorage(cookie.CookieStorage):
    """Django's, whose cookie has the path of the session's; Django gives it the whole host."""

    def _update_cookie(self, encoded_data: Any, response: HttpResponseBase) -> None:
        super()._update_cookie(encoded_data, response)  # type: ignore[misc]  # not in the stubs
        if self.cookie_name in response.cookies:
            response.cookies[self.cookie_name]["path"] = settings.SESSION_COOKIE_PATH


class MessageStorage(fallback.FallbackStorage):
    """Django's default: the cookie, and the session for what is too long for one."""

    storage_classes = (CookieStorage, SessionStorage)
