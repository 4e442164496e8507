from accounts.models import Account
from django.core.management import BaseCommand, call_command

from items.models import Item


class Command(BaseCommand):
    help = "Create the cache table, an account and some items."

    def handle(self, **options):
        call_command("createcachetable", verbosity=0)
        if not Account.objects.filter(email="ada@stock.example").exists():
            Account.objects.create_user("ada@stock.example", "a password of the stock")
        Item.objects.using("default").bulk_create(Item(name=f"item {number}", count=number) for number in range(50))
