"""Records the releases of a target as versions of a parameter in AWS's Parameter Store.

The reasons are in docs/decisions/0013-history-in-parameter-store.md.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws, error_code
from django_runtimes.deploy.catalogue import DeployTarget

# The version of the parameter's format, for programs that read it; increase it with each incompatible change.
_SCHEMA = 1


@dataclass(frozen=True)
class Release:
    """An image that received the traffic and passed the smoke test."""

    image: str
    verb: str
    time: datetime
    user: str

    @property
    def digest(self) -> str:
        """The image's digest, as sha256:…"""
        return self.image.rpartition("@")[2]


class History:
    """The releases of one target of a stage."""

    def __init__(self, aws: Aws, project: str, stage: str, target: DeployTarget) -> None:
        self._client = aws.client("ssm")
        self._region = aws.region
        # AWS reserves names that begin with aws, so a project's name cannot come first.
        self._name = f"/webapp/{project}/{stage}/{target}/release"

    def read(self) -> list[Release]:
        """Return up to 100 of the newest releases, oldest first."""
        releases = []
        try:
            for page in self._client.get_paginator("get_parameter_history").paginate(Name=self._name):
                releases += [self._release(version) for version in page["Parameters"]]
        except ClientError as error:
            if error_code(error) != "ParameterNotFound":
                raise
        return releases

    def add(self, image: str, verb: str) -> None:
        """Record that an image receives the traffic, unless it is already the newest release."""
        releases = self.read()
        if releases and releases[-1].image == image:
            return
        content = json.dumps({"schema": _SCHEMA, "image": image, "verb": verb})
        self._client.put_parameter(Name=self._name, Value=content, Type="String", Overwrite=True)

    def forget(self) -> None:
        """Delete the whole history."""
        try:
            self._client.delete_parameter(Name=self._name)
        except ClientError as error:
            if error_code(error) != "ParameterNotFound":
                raise

    def _release(self, version: Mapping[str, Any]) -> Release:
        try:
            content = json.loads(version["Value"])
            image, verb = str(content["image"]), str(content["verb"])
        except (KeyError, TypeError, ValueError):
            raise ToolError(
                f"version {version['Version']} of the parameter {self._name} is not a release recorded by webapp; "
                f"`aws ssm delete-parameter --name {self._name} --region {self._region}` starts a new history, and "
                "the next deploy records its image"
            ) from None
        return Release(image, verb, version["LastModifiedDate"], version.get("LastModifiedUser", ""))


def last_good(releases: Sequence[Release], image: str) -> str | None:
    """Return the newest image, the one to roll back to if `image` fails; None if it is `image` or there is none."""
    newest = releases[-1].image if releases else None
    return None if newest == image else newest


def previous_image(releases: Sequence[Release], running: str) -> str | None:
    """Return the image that preceded `running`, or None; repeated rollbacks go back further each time.

    If `running` is an older release but not the newest, a rollback was killed: return `running`, to complete it.
    """
    images = [release.image for release in releases]
    if running in images and running != images[-1]:
        return running
    since = next(
        (
            index
            for index in reversed(range(len(releases)))
            if releases[index].image == running and releases[index].verb != "rollback"
        ),
        len(releases),
    )
    return last_good(releases[:since], running)
