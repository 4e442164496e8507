"""Reads the name and the password of the role that the application logs in as."""

from typing import NamedTuple

from django.conf import settings
from django.core.management.base import CommandError

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import IamToken, Login
from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.provider import provider_of


class WebRoleLogin(NamedTuple):
    """The web role, and its login as it is configured."""

    role: str
    login: Login

    @property
    def takes_tokens(self) -> bool:
        """Whether the role logs in with IAM tokens instead of a password."""
        return isinstance(self.login.credentials, IamToken)

    def password(self) -> Secret:
        """Return the role's password; raise CommandError if there is none, or if it belongs to another role."""
        if self.login.credentials is None:
            if not self.login.password:
                raise CommandError(f"role {self.role!r} needs a password to log in; set WEBAPP_DB_PASSWORD")
            return Secret(self.login.password)
        stored = _stored(self.login)
        if stored.user != self.role:
            raise CommandError(
                f"the secret is the login of {stored.user!r}, but the web role is {self.role!r}; correct WEBAPP_DB_USER"
            )
        return stored.password


def web_role_and_login() -> WebRoleLogin:
    """Return the web role, whose name comes from its secret if no variable gives it; raise CommandError otherwise."""
    adopted = adopted_by(settings)
    try:
        login = adopted.read_web_login()
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    role = adopted.web_role or (_stored(login).user if login.credentials is not None else "")
    if not role:
        raise CommandError("the web role has no name; set WEBAPP_DB_USER, or store username and password in its secret")
    return WebRoleLogin(role, login)


def _stored(login: Login) -> ConnectionLogin:
    provider = provider_of({**settings.DATABASES["default"], "CREDENTIALS": login.credentials, "USER": login.user})
    assert provider is not None, "there are credentials"  # noqa: S101
    try:
        return provider.login()
    except CredentialsError as error:
        raise CommandError(str(error)) from None
