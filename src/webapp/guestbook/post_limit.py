"""Limits how many entries one address adds, by the page and by the API together."""

from django.conf import settings
from django.http import HttpRequest

from django_runtimes import throttle


def _post_rate(request: HttpRequest) -> str | None:
    rate: str | None = settings.GUESTBOOK_POST_RATE
    return rate


limit_posts = throttle(_post_rate, methods=["POST"], name="posts")
