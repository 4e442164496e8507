"""The user model, to which a team adds its own fields."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Django's user without changes; `settings.AUTH_USER_MODEL` names it."""
