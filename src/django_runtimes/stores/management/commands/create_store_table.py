"""`webapp create_store_table`: creates the DynamoDB table of WEBAPP_STORE_URL."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from django_runtimes.aws.service_client import AwsAnswerError
from django_runtimes.outages.store_error import StoreUnavailableError
from django_runtimes.stores.dynamodb.dynamodb_cache import StrictDynamoDBCache
from django_runtimes.stores.dynamodb.dynamodb_table import DynamoDBTable, table_named
from django_runtimes.stores.store_probe import strict_cache

_LONGEST_WAIT_S = 120.0


class Command(BaseCommand):
    help = (
        "Creates the DynamoDB table of WEBAPP_STORE_URL, billed per request, and lets DynamoDB delete expired entries. "
        "An existing table is kept. The templates of deploy/ create the table of a stage."
    )
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        if not isinstance(strict_cache(), StrictDynamoDBCache):
            raise CommandError("WEBAPP_STORE_URL names no DynamoDB table; set it to dynamodb://TABLE")
        cache = settings.CACHES["default"]
        table = table_named(cache["LOCATION"], cache["OPTIONS"]["region"])
        try:
            is_new = table.create()
            _wait_until_active(table)
            if is_new:
                table.delete_expired()
        except (AwsAnswerError, StoreUnavailableError) as error:
            raise CommandError(f"the table {table.name!r} cannot be created in {table.region}: {error}") from None
        done = "created" if is_new else "kept"
        self.stdout.write(f"{done} the table {table.name} in {table.region}")


def _wait_until_active(table: DynamoDBTable) -> None:
    ends_at_s = time.monotonic() + _LONGEST_WAIT_S
    while not table.is_active():
        if time.monotonic() > ends_at_s:
            raise CommandError(
                f"the table {table.name!r} is not active after {_LONGEST_WAIT_S:.0f} s; run the command again"
            )
        time.sleep(1)
