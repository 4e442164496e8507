"""`webapp create_administrator`: creates a superuser whose password only its hash describes, or without a password."""

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.core.exceptions import FieldDoesNotExist
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models.signals import post_save

_PASSWORD = "password"  # noqa: S105  (a field's name)
_VARIABLE = "DJANGO_SUPERUSER_PASSWORD"


class Command(BaseCommand):
    help = (
        "Creates a superuser through the project's own createsuperuser, whose options follow `--`. The hash of the "
        "password is read from standard input; `webapp createsuperuser` computes it where the password is typed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--no-password", action="store_true", help="create a user that no password can log in")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections), help="%(default)s")
        parser.add_argument(
            "createsuperuser", nargs="*", metavar="-- OPTION", help="such as -- --username=ada --email=ada@example.org"
        )

    def handle(self, *, no_password: bool, database: str, createsuperuser: list[str], **options: Any) -> None:
        if not apps.is_installed("django.contrib.auth"):
            raise CommandError("the settings have no django.contrib.auth in INSTALLED_APPS, and so no users; add it")
        user_model = get_user_model()
        has_password = _has_password(user_model)
        if not (has_password or no_password):
            raise CommandError(f"the user model {user_model._meta.label} has no password; use --no-password")
        encoded = make_password(None) if no_password else _checked_hash(_standard_input())
        with transaction.atomic(using=database), _new_users(user_model) as users, _throwaway_password():
            # A manager may refuse a user without a password, so the user gets one that is replaced at once.
            call_command("createsuperuser", "--noinput", f"--database={database}", *createsuperuser, stdout=self.stdout)
            if not users:
                raise CommandError("createsuperuser created no user, and nothing was changed")
            if has_password:
                # Unlike save(), an update calls no other code of the project.
                user_model._base_manager.using(database).filter(pk=users[-1].pk).update(**{_PASSWORD: encoded})


def _has_password(user_model: type[Any]) -> bool:
    try:
        user_model._meta.get_field(_PASSWORD)
    except FieldDoesNotExist:
        return False
    return True


def _standard_input() -> str:
    # Commands of the operations function get theirs through a pipe.
    return "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read().strip()


def _checked_hash(encoded: str) -> str:
    """Return the hash; raise CommandError, which does not show it, unless the first of PASSWORD_HASHERS made it."""
    preferred = get_hasher("default").algorithm
    try:
        algorithm = identify_hasher(encoded).algorithm
    except ValueError:
        algorithm = None
    if algorithm is None:
        raise CommandError(
            "standard input is not a password's hash that PASSWORD_HASHERS can check; run `webapp createsuperuser`, "
            "with the settings of this stage"
        )
    if algorithm != preferred:
        raise CommandError(
            f"the password was hashed with {algorithm}, but the first of PASSWORD_HASHERS here is {preferred}; set "
            "DJANGO_SETTINGS_MODULE to the settings of this stage, and run `webapp createsuperuser` again"
        )
    return encoded


@contextmanager
def _new_users(user_model: type[Any]) -> Iterator[list[Any]]:
    """Collect the users that are created in the block."""
    users: list[Any] = []

    def note(instance: Any, created: bool, **kwargs: Any) -> None:  # noqa: FBT001  (Django's signature)
        if created:
            users.append(instance)

    post_save.connect(note, sender=user_model)
    try:
        yield users
    finally:
        post_save.disconnect(note, sender=user_model)


@contextmanager
def _throwaway_password() -> Iterator[None]:
    former = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = secrets.token_urlsafe(32)
    try:
        yield
    finally:
        del os.environ[_VARIABLE]
        if former is not None:
            os.environ[_VARIABLE] = former
