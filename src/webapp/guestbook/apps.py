"""Registers the guestbook with Django."""

from django.apps import AppConfig


class GuestbookConfig(AppConfig):
    name = "webapp.guestbook"
    label = "guestbook"
