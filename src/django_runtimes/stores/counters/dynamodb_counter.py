"""Counts in a DynamoDB table."""

from django_runtimes.aws.https_pool import Patience
from django_runtimes.aws.service_client import AwsAnswerError
from django_runtimes.stores.counters.counter import CONSEQUENCE
from django_runtimes.stores.dynamodb.dynamodb_table import DynamoDBTable
from django_runtimes.stores.store_health import health_of


class DynamoDBCounter:
    """Counts with one conditional update, which creates a missing counter."""

    def __init__(self, table: str, region: str, timeout_s: float) -> None:
        """`timeout_s` limits the wait for a connection, and the wait for an answer."""
        patience = Patience(connect_s=timeout_s, read_s=timeout_s, attempts=1)
        self._table = DynamoDBTable(table, region, patience=patience, consequence=CONSEQUENCE)
        self._health = health_of(self._table.label, CONSEQUENCE)

    def count(self, key: str, limit: int, expires_at: int) -> int:
        """Count one more up to the limit, and return the new count; raise StoreUnavailableError for every failure."""
        try:
            count = self._table.count(key, limit, expires_at)
        except AwsAnswerError as error:
            raise self._health.failed(error, is_unreachable=True) from error
        return limit + 1 if count is None else count

    def close(self) -> None:
        """Close the connections."""
        self._table.close()
