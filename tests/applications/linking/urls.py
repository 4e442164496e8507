"""One view for each way in which Django makes absolute URLs."""

import logging
import re

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.contrib.syndication.views import Feed
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.log import AdminEmailHandler


class ResetForm(PasswordResetForm):
    """Sends the mail to a user that no database has."""

    def get_users(self, email):
        return [User(pk=1, username="ada", email=email, password="!")]


class Pages(Sitemap):
    def items(self):
        return ["/page"]

    def location(self, item):
        return item


class News(Feed):
    title = link = description = "/news"

    def items(self):
        return ["/page"]

    def item_link(self, item):
        return item


def built(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.build_absolute_uri("/page"), content_type="text/plain")


@login_not_required
def reset(request: HttpRequest) -> HttpResponse:
    form = ResetForm({"email": "ada@mail.example"})
    assert form.is_valid()
    form.save(request=request, use_https=request.is_secure())
    return HttpResponse(mail.outbox[-1].body, content_type="text/plain")


def reported(request: HttpRequest) -> HttpResponse:
    """Answer with the address in the mail to the administrators, which also lists the headers as they came."""
    exception = ValueError(request.path)
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "failed", (), (ValueError, exception, None))
    record.request = request
    AdminEmailHandler().emit(record)
    addresses = re.findall("Request URL: .*", mail.outbox[-1].body)
    return HttpResponse("\n".join(addresses), content_type="text/plain")


def guarded(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.build_absolute_uri())


urlpatterns = [
    path("built", built),
    path("reset", reset),
    path("reported", reported),
    path("guarded", guarded),
    path("slash/", built),
    path("sitemap.xml", sitemap, {"sitemaps": {"pages": Pages}}, name="sitemap"),
    path("news", News()),
    path("confirm/<uidb64>/<token>", built, name="confirm"),
]
