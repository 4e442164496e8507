"""boto3's client of the Data API, for one database behind the stand-in."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from django_runtimes.compare.services.data_api.data_api_process import REGION


class DataApiClient:
    """Calls the operations with the stand-in's cluster and secret."""

    def __init__(self, stand_in: Any, database: str) -> None:
        self.boto = boto3.session.Session(
            aws_access_key_id=stand_in.access_key["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=stand_in.access_key["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        ).client("rds-data", endpoint_url=stand_in.url, config=Config(retries={"total_max_attempts": 1}))
        self._cluster = {"resourceArn": stand_in.cluster_arn, "secretArn": stand_in.secret_arn}
        self._database = {"database": database}

    def execute(self, sql: str, **members: Any) -> dict[str, Any]:
        return self.boto.execute_statement(sql=sql, **self._cluster, **self._database, **members)

    def rows(self, sql: str, **members: Any) -> list[list[Any]]:
        """Return the values of a result, without the names of their types."""
        records = self.execute(sql, **members)["records"]
        return [[None if "isNull" in field else next(iter(field.values())) for field in record] for record in records]

    def batch(self, sql: str, sets: list[Any], **members: Any) -> dict[str, Any]:
        return self.boto.batch_execute_statement(
            sql=sql, parameterSets=sets, **self._cluster, **self._database, **members
        )

    def begin(self) -> str:
        return self.boto.begin_transaction(**self._cluster, **self._database)["transactionId"]

    def commit(self, number: str) -> str:
        return self.boto.commit_transaction(transactionId=number, **self._cluster)["transactionStatus"]

    def rollback(self, number: str) -> str:
        return self.boto.rollback_transaction(transactionId=number, **self._cluster)["transactionStatus"]

    def refusal(self, sql: str, **members: Any) -> tuple[str, str]:
        """Return the code and the message of the error with which the service refuses a statement."""
        try:
            self.execute(sql, **members)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise AssertionError(f"the service accepts {sql}")
