from argparse import ArgumentParser

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Adds member1, member2 and so on, with the password that the workload uses."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int)

    def handle(self, *args: object, count: int, **options: object) -> None:
        users = get_user_model().objects
        for number in range(1, count + 1):
            users.create_user(f"member{number}", password="open sesame")
