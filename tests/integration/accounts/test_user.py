import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from webapp.accounts.models import User

pytestmark = pytest.mark.django_db


def test_the_user_model_is_the_projects_own():
    assert get_user_model() is User
    assert User._meta.db_table == "accounts_user"


def test_a_user_signs_in_only_with_the_right_password():
    user = User.objects.create_user("ada", password="correct horse battery")

    assert authenticate(username="ada", password="correct horse battery") == user
    assert authenticate(username="ada", password="wrong") is None


def test_users_are_managed_in_the_admin(client):
    client.force_login(User.objects.create_superuser("root"))

    response = client.get("/admin/accounts/user/")

    assert response.status_code == 200
    assert "root" in response.text


def test_the_migrations_match_the_models():
    call_command("makemigrations", check=True, dry_run=True)
