"""Creates, limits and deletes log groups that belong to no stack."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from django_runtimes.deploy.aws.aws_api import Aws


class LogGroups:
    """The log groups of one region; a folder ends with a slash, and its groups' names start with it."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.client("logs")

    def ensure(self, name: str, *, retention_days: int, tags: Mapping[str, str]) -> None:
        """Create the group, or adopt an existing one, and set how long its events are kept."""
        found = next((group for group in self._with_prefix(name) if group["logGroupName"] == name), None)
        if found is None:
            # The service may create its group at the same time.
            with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_group(logGroupName=name, tags=dict(tags))
        self._limit(found or {"logGroupName": name}, retention_days)

    def limit_folder(self, folder: str, *, retention_days: int) -> None:
        """Set how long the events of all groups in the folder are kept."""
        for group in list(self._with_prefix(folder)):
            self._limit(group, retention_days)

    def delete(self, name: str) -> None:
        """Delete the group if it exists."""
        with contextlib.suppress(self._client.exceptions.ResourceNotFoundException):
            self._client.delete_log_group(logGroupName=name)

    def delete_folder(self, folder: str) -> None:
        """Delete all groups in the folder."""
        for group in list(self._with_prefix(folder)):
            self.delete(group["logGroupName"])

    def _limit(self, group: Mapping[str, Any], retention_days: int) -> None:
        if group.get("retentionInDays") != retention_days:
            self._client.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=retention_days)

    def _with_prefix(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        return (group for page in pages for group in page["logGroups"])
