"""Moderation of entries, which can be hidden, shown and deleted, but not edited."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from webapp.guestbook.models import Entry

# Django's class accepts no type argument at run time.
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Entry]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(Entry)
class EntryAdmin(_ModelAdmin):
    list_display = ("author", "hidden", "created_at", "excerpt")
    list_filter = ("hidden", "created_at")
    search_fields = ("author", "message")
    date_hierarchy = "created_at"
    actions = ("hide", "show")
    fields = ("author", "message", "picture", "created_at", "hidden", "idempotency_key", "request_digest")
    # A repeated request must get the same response as the first one with its idempotency key.
    readonly_fields = ("author", "message", "picture", "created_at", "idempotency_key", "request_digest")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Hide selected entries", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        messages.success(request, f"Hidden: {queryset.update(hidden=True)}.")

    @admin.action(description="Show selected entries", permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        messages.success(request, f"Shown: {queryset.update(hidden=False)}.")
