"""Projects with different user models, for the commands that create a superuser."""

from pathlib import Path

MODELS = {
    "standard": "",
    # The manager refuses a user without a password, and normalizes the name.
    "strict": """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

class Team(models.Model):
    name = models.TextField(unique=True)

class PersonManager(BaseUserManager):
    def create_superuser(self, email, password, team, **more):
        if not password:
            raise ValueError("a person needs a password")
        person = self.model(email=self.normalize_email(email), is_superuser=True, team_id=team, **more)
        person.set_password(password)
        person.save(using=self._db)
        return person

class Person(AbstractBaseUser):
    is_superuser = models.BooleanField()
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=20)
    team = models.ForeignKey(Team, models.CASCADE, to_field="name")
    objects = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name", "team"]
""",
}
SETTINGS = """
import os
SECRET_KEY = "a key of the tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "people"]
DATABASES = {{}}
{user_model}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.{hasher}", "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {{"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"}},
    {{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {{"min_length": 9}}}},
]
from django_runtimes import configure
configure(globals())
"""


def write_people(folder: Path, model: str, *, hasher: str = "PBKDF2PasswordHasher") -> None:
    """Write a project with this user model, whose settings are people.settings."""
    (folder / "people").mkdir(parents=True)
    user_model = 'AUTH_USER_MODEL = "people.Person"' if MODELS[model] else ""
    for name, source in {
        "__init__": "",
        "models": MODELS[model],
        "settings": SETTINGS.format(user_model=user_model, hasher=hasher),
    }.items():
        (folder / "people" / f"{name}.py").write_text(source)
