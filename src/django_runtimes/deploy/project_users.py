"""Asks for a superuser's fields and password, as the project's own user model and settings require them."""

import argparse
import os
from collections.abc import Callable, Iterator
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.secret import Secret
from django_runtimes.deploy.hidden_input import ask_hidden_line, ask_line, is_terminal

Say = Callable[[str], None]


class ProjectUsers:
    """The user model, validators and hashers of the project's settings, which are loaded here without a database."""

    def __init__(self) -> None:
        """Load the settings; raise UsageError if they cannot be loaded here, or have no users."""
        self.model = _user_model()

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add an option for each field that createsuperuser needs; those that are not given are asked for."""
        for field in self._fields():
            action = "append" if field.many_to_many else "store"
            parser.add_argument(
                f"--{field.name}", action=action, help=f"the {field.verbose_name} (default: ask for it)"
            )

    def ask_fields(self, options: argparse.Namespace, say: Say) -> dict[str, list[str]]:
        """Return the texts of each field, from its option or from the terminal; raise UsageError for an invalid one."""
        return {field.name: self._ask_field(field, getattr(options, field.name), say) for field in self._fields()}

    def ask_password(self, fields: dict[str, list[str]], say: Say) -> Secret:
        """Ask twice for a password until the project's validators accept it, and return its hash."""
        from django.contrib.auth.hashers import make_password
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError
        from django.db import Error

        if not is_terminal():
            raise UsageError(
                "cannot ask for the password without a terminal; run this at one, or add --no-password for a user "
                "that logs in by single sign-on"
            )
        user = self._unsaved(fields)
        while True:
            password = Secret(ask_hidden_line("Password: "))
            if password != ask_hidden_line("Password (again): "):
                say("the passwords differ; type them again")
            elif not password.strip():
                say("the password is blank; type another one")
            else:
                try:
                    validate_password(password, user)
                except ValidationError as error:
                    say("; ".join(error.messages))
                except Error as error:
                    raise UsageError(
                        f"a validator of AUTH_PASSWORD_VALIDATORS needs a database: {error}; set DATABASE_URL, or use "
                        "settings without it"
                    ) from None
                else:
                    return Secret(make_password(password))

    def _fields(self) -> Iterator[Any]:
        for name in dict.fromkeys([self.model.USERNAME_FIELD, *self.model.REQUIRED_FIELDS]):
            yield self.model._meta.get_field(name)

    def _ask_field(self, field: Any, given: Any, say: Say) -> list[str]:
        if given is not None:
            texts = given if isinstance(given, list) else [given]
            if complaint := _complaint(field, texts):
                raise UsageError(f"--{field.name}={texts[0]!r} is not accepted: {complaint}")
            return texts
        if not is_terminal():
            raise UsageError(f"cannot ask for the {field.verbose_name} without a terminal; pass --{field.name}")
        label = str(field.verbose_name)
        keys = f" (keys of {field.related_model._meta.label})" if field.remote_field else ""
        while True:
            text = ask_line(f"{label[:1].upper()}{label[1:]}{keys}: ").strip()
            texts = [part.strip() for part in text.split(",")] if field.many_to_many else [text]
            complaint = _complaint(field, texts)
            if not complaint:
                return texts
            say(complaint)

    def _unsaved(self, fields: dict[str, list[str]]) -> Any:
        """Return a user for the validators that compare the password with the user's fields."""
        user = self.model()
        for field in self._fields():
            if not field.remote_field:
                setattr(user, field.name, field.clean(fields[field.name][0], None))
        return user


def _complaint(field: Any, texts: list[str]) -> str:
    """Return what is wrong with a field's texts; the stage itself checks keys of other tables."""
    from django.core.exceptions import ValidationError

    if field.remote_field:
        return "" if all(texts) else "a key is missing"
    try:
        field.clean(texts[0], None)
    except ValidationError as error:
        return "; ".join(error.messages)
    return ""


def _user_model() -> Any:
    import django
    from django.apps import apps

    name = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not name:
        raise UsageError(
            "no settings module is named, so the user model is unknown; set settings in [tool.webapp] of "
            "pyproject.toml, or DJANGO_SETTINGS_MODULE"
        )
    try:
        django.setup()
    except Exception as error:
        # The project's own code may raise anything.
        raise UsageError(
            f"the settings {name} cannot be loaded here, which the user model and the password's hash need: "
            f"{type(error).__name__}: {error}; set the variables that they read"
        ) from None
    if not apps.is_installed("django.contrib.auth"):
        raise UsageError(f"the settings {name} have no django.contrib.auth in INSTALLED_APPS, and so no users; add it")
    from django.contrib.auth import get_user_model

    return get_user_model()
