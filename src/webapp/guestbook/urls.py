"""The guestbook's URLs."""

from django.urls import path, re_path

from webapp.guestbook import api, pages

app_name = "guestbook"

urlpatterns = [
    path("", pages.entry_list, name="entry_list"),
    path("entries/<int:entry_id>", pages.entry_detail, name="entry_detail"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("api/entries", api.entries, name="api_entries"),
    path("api/entries/<int:entry_id>", api.entry, name="api_entry"),
    path("api/export", api.export, name="api_export"),
    path("api/statistics", api.statistics, name="api_statistics"),
    re_path(r"^api/", api.not_found),
]
