"""Limits the cookie of Django's messages to the path of the application."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage import cookie, fallback
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpResponseBase


class CookieStorage(cookie.CookieStorage):
    """Django's storage, except that its cookie has the path of the session cookie; Django always uses `/`."""

    def _update_cookie(self, encoded_data: Any, response: HttpResponseBase) -> None:
        super()._update_cookie(encoded_data, response)  # type: ignore[misc]  # not in the stubs
        if self.cookie_name in response.cookies:
            response.cookies[self.cookie_name]["path"] = settings.SESSION_COOKIE_PATH


class MessageStorage(fallback.FallbackStorage):
    """Django's default storage: the cookie, with the session for messages that do not fit in it."""

    storage_classes = (CookieStorage, SessionStorage)
